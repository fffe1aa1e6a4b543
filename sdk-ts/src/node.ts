/**
 * For programs on Node: sessions in a file.
 *
 * @packageDocumentation
 */
export { fileStorage } from "./node/file-storage.js";
