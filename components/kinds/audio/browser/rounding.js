// Numbers in the middle of two go to the even one, as numpy and Python round.

export function halfToEven(value) {
  const down = Math.floor(value);
  return value - down === 0.5 ? down + Math.abs(down % 2) : Math.round(value);
}
