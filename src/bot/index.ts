/** The bot's public face: what the composition root makes it from, and what adapters may ask of it. */
export { createBot, type FourstepBot } from './bot.ts';
export { decodeButtonId, encodeButtonId, type ButtonId } from './button-id.ts';
export type { BotOptions, BotPorts, Clock, Log, LoraFacts, Loras, Model, Models, RandomSource } from './ports.ts';
