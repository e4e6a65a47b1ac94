// How values are encoded as JSON: a value that JSON cannot express is an object with one key.

export function encode(value) {
  if (value instanceof Date) {
    return { $date: value.toISOString() };
  }
  if (typeof value === "bigint") {
    return { $bigint: value.toString() };
  }
  if (value === undefined) {
    return null;
  }
  if (Array.isArray(value)) {
    return value.map(encode);
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, encode(inner)]));
  }
  return value;
}

export function decode(value) {
  if (Array.isArray(value)) {
    return value.map(decode);
  }
  if (typeof value === "object" && value !== null) {
    if ("$date" in value) {
      return new Date(value.$date);
    }
    if ("$bigint" in value) {
      return BigInt(value.$bigint);
    }
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, decode(inner)]));
  }
  return value;
}
