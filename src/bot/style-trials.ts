/** A style that is being tried. */
export class StyleTrials {}
