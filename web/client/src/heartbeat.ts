/*
 * heartbeat: notices that a connection is dead. After an interval without a word a question is asked; when that is not
 * answered either, nobody is there.
 */
import { Alarm, type Environment } from './environment.js';

export interface HeartbeatOptions {
  /** This long without a word is unusual. */
  intervalMs: number;
  /** This long an answer may take. */
  answerMs: number;
  ask(): void;
  dead(): void;
}

export class Heartbeat {
  readonly #alarm: Alarm;
  #heardMs: number;
  #isAsking = false;

  constructor(
    private readonly environment: Environment,
    private readonly options: HeartbeatOptions,
  ) {
    this.#alarm = new Alarm(environment);
    this.#heardMs = environment.now();
    this.#watch();
  }

  /** Something came. Cheap: the alarm is not moved. */
  heard(): void {
    this.#heardMs = this.environment.now();
    if (!this.#isAsking) return;
    this.#isAsking = false;
    this.#watch();
  }

  /** There is reason to doubt: ask now. */
  check(): void {
    if (this.#isAsking) return;
    this.#isAsking = true;
    this.options.ask();
    this.#alarm.set(this.options.answerMs, () => this.options.dead());
  }

  stop(): void {
    this.#alarm.clear();
  }

  #watch(): void {
    const silentMs = this.environment.now() - this.#heardMs;
    const leftMs = this.options.intervalMs - silentMs;
    if (leftMs <= 0) this.check();
    else this.#alarm.set(leftMs, () => this.#watch());
  }
}
