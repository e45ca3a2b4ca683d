export class SharedArray {
  constructor(name, make) {
    return Object.freeze(make());
  }
}
