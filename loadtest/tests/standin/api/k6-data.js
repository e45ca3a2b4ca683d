export class SharedArray {
  constructor(name, make) {
    // eslint-disable-next-line no-constructor-return -- k6's gives the array itself
    return Object.freeze(make());
  }
}
