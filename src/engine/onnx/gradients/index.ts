/** Differentiation's public face: a finished graph in, the same graph with gradients out. */
export { gradientName, gradients } from './gradients.ts';
