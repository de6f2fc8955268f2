# What a person and their two apps do, with curl and openssl. Paste it, or: PORT=3000 sh examples/axum_app/add_credential.sh
BASE=http://127.0.0.1:${PORT:-3000}/auth/credentials/code
post() { curl -s -H 'content-type: application/json' "$@"; echo; }
member() { sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/"; }
base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

# App 1, where Ada is signed in: mint a code that works for 50 seconds.
CODE=$(post $BASE -H 'authorization: Bearer ada' -d "{\"expiration\":$(($(date +%s) + 50))}" | tee -a /dev/stderr | member code)
[ ${#CODE} = 11 ] || echo "That is no code. Is the example running, and is this the first try in a while?" >&2

# App 2, where she is not: the code buys a challenge.
ANSWER=$(post $BASE/init -d "{\"credentialKind\":\"Key\",\"code\":\"$CODE\"}" | tee -a /dev/stderr)

# App 2 makes a key and answers the challenge with it.
KEY=$(mktemp) && openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $KEY
PEM=$(openssl pkey -in $KEY -pubout | awk '{ printf "%s\\n", $0 }')
CLIENT_DATA="{\"type\":\"key.create\",\"challenge\":\"$(echo "$ANSWER" | member challenge)\"}"
HASH=$(printf %s "$CLIENT_DATA" | openssl dgst -sha256 -r | cut -d' ' -f1)
FINGERPRINT="{\"clientDataHash\":\"$HASH\",\"publicKey\":\"$PEM\"}"
SIGNATURE=$(printf %s "$FINGERPRINT" | openssl dgst -sha256 -sign $KEY | od -An -v -tx1 | tr -d ' \n')
PROOF="{\"publicKey\":\"$PEM\",\"signature\":\"$SIGNATURE\"}"
post $BASE/verify -d "{\"credentialKind\":\"Key\",\"credentialName\":\"laptop\",
  \"challengeIdentifier\":\"$(echo "$ANSWER" | member challengeIdentifier)\",
  \"credentialInfo\":{\"credId\":\"key-$HASH\",\"clientData\":\"$(printf %s "$CLIENT_DATA" | base64url)\",
    \"attestationData\":\"$(printf %s "$PROOF" | base64url)\"}}"
rm $KEY
