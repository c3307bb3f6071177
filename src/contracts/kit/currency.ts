// What names a currency: three capital letters, as ISO 4217 has them. Which of them are in use changes with the world and is no rule of a chain. Pure.

export const namesCurrency = (code: string): boolean => /^[A-Z]{3}$/.test(code);
