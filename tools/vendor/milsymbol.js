// Milsymbol with the symbols of what flies (MIL-STD-2525E, symbol set 01) only: the whole set is ten times as big.
import { ms, numberair } from "./node_modules/milsymbol/index.mjs";

ms.addIcons(numberair);

export const Symbol = ms.Symbol;
