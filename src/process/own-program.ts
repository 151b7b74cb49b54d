/**
 * The file that this process was started from: asked for while it is there. Linux calls it "… (deleted)" for whoever asks after an
 * update has put another one in its place, and nothing could be started by that name.
 */
export const OWN_PROGRAM: string = process.execPath;
