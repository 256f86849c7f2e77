// The markup is not what a module needs: a bug of a template, said where it is seen first.
export class ElementError extends Error {
  constructor(module, need) {
    super(`${module}: the markup lacks ${need}`);
    this.name = "ElementError";
  }
}
