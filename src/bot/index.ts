/** The bot's public face: what the composition root makes it from, and what adapters may ask of it. */
export { createBot, type FourstepBot } from './bot.ts';
export type { BotPorts, Log, LoraFacts, Loras, Model, Models } from './ports.ts';
