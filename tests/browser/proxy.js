// A proxy with TLS in front of a server. A browser needs it for domains other than localhost: it
// looks related origins up only at https://DOMAIN/.well-known/webauthn.

import { generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';

/**
 * Listens on a free port, and sends everything on to another. Appends the address that it sees, as
 * proxies do.
 */
export async function startProxy(to) {
  const proxy = https.createServer(certificate(), (asked, answer) => {
    const forwarded = [asked.headers['x-forwarded-for'], asked.socket.remoteAddress].filter(Boolean).join(', ');
    const { method, url } = asked;
    const headers = { ...asked.headers, 'x-forwarded-for': forwarded };
    const onward = http.request({ host: '127.0.0.1', port: to, method, path: url, headers }, (answered) => {
      answer.writeHead(answered.statusCode, answered.headers);
      answered.pipe(answer);
    });
    onward.on('error', () => answer.destroy());
    asked.pipe(onward);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    /** The flags that make a browser find these domains there. */
    flags: (...domains) => [
      `--host-resolver-rules=${domains.map((domain) => `MAP ${domain}:443 127.0.0.1:${proxy.address().port}`)}`,
      '--ignore-certificate-errors',
    ],
    stop() {
      proxy.closeAllConnections();
      proxy.close();
    },
  };
}

/**
 * Makes a certificate that nobody vouches for. It is new each time, so that no private key is in
 * the repository.
 */
function certificate() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const ecdsaWithSha256 = sequence(Buffer.from('06082a8648ce3d040302', 'hex'));
  const commonName = sequence(Buffer.from('0603550403', 'hex'), der(0x0c, Buffer.from('test')));
  const name = sequence(der(0x31, commonName));
  const validity = sequence(...['200101000000Z', '491231000000Z'].map((date) => der(0x17, Buffer.from(date))));
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const toSign = sequence(der(0x02, Buffer.from([1])), ecdsaWithSha256, name, validity, name, spki);
  const signature = der(0x03, Buffer.from([0]), sign('sha256', toSign, privateKey));
  const cert = sequence(toSign, ecdsaWithSha256, signature).toString('base64');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    cert: `-----BEGIN CERTIFICATE-----\n${cert.match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`,
  };
}

const sequence = (...parts) => der(0x30, ...parts);

function der(tag, ...parts) {
  const body = Buffer.concat(parts);
  const bytes = body.length < 256 ? [body.length] : [body.length >> 8, body.length & 255];
  const length = body.length < 128 ? bytes : [0x80 | bytes.length, ...bytes];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}
