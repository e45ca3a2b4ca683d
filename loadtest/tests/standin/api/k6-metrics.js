import { sampled } from '../samples.js';

const metric = (kind) =>
  class {
    constructor(name) {
      this.name = name;
    }

    add(value) {
      sampled(this.name, kind, Number(value));
    }
  };

export const Counter = metric('counter');
export const Gauge = metric('gauge');
export const Rate = metric('rate');
export const Trend = metric('trend');
