"""The restricted product of the demonstration: a few files written for the purpose, so that secrecy is exercised from the first day."""

LEDGER_VERSION = "3.1"
LEDGER_FILES: dict[str, bytes] = {
    "README": b"ledger-core keeps the balances of a payment switch.\nNot for publication.\n",
    "src/ledger.c": b"""#include "ledger.h"

/* Adds two balances; refuses to wrap around. */
int ledger_add(long long a, long long b, long long *sum) {
    return __builtin_add_overflow(a, b, sum) ? LEDGER_OVERFLOW : LEDGER_OK;
}
""",
    "src/ledger.h": b"""#pragma once
#define LEDGER_OK 0
#define LEDGER_OVERFLOW 1
int ledger_add(long long, long long, long long *);
""",
    "src/settlement-window.c": b"""#include "ledger.h"

/* Settlement is open from 06:00 to 18:00 UTC. */
int settlement_open(int hour) { return hour >= 6 && hour < 18; }
""",
    "tests/vectors.csv": b"a,b,sum\n1,2,3\n9223372036854775807,1,overflow\n",
}
