/**
 * Returns the QR code of a text as the path of an SVG element: `<svg viewBox="0 0 size size"><path d="path">`,
 * black on white.
 *
 * @param {string} text
 */
export function qrPath(text: string): {
    size: number;
    path: string;
};
/** Returns the QR code of a text, row by row: true is dark. @param {string} text */
export function qrModules(text: string): boolean[][];
export type Grid = boolean[][];
export type Setter = (x: number, y: number, dark: boolean) => void;
export type Version = {
    number: number;
    size: number;
    total: number;
    correction: number;
    blocks: number;
    alignment: number[];
    capacity: number;
};
