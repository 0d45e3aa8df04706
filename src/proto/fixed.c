#include "proto/fixed.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/check.h"

#define EXACT_UNITS (UINT64_C(1) << 53)
#define FRACTION_BITS 52
#define FRACTION_ONE (UINT64_C(1) << FRACTION_BITS)
#define EXPONENT_BIAS 1023

static const uint64_t powers_of_ten[FIXED_MAX_DECIMALS + 1] = {
    UINT64_C(1),
    UINT64_C(10),
    UINT64_C(100),
    UINT64_C(1000),
    UINT64_C(10000),
    UINT64_C(100000),
    UINT64_C(1000000),
    UINT64_C(10000000),
    UINT64_C(100000000),
    UINT64_C(1000000000),
    UINT64_C(10000000000),
    UINT64_C(100000000000),
    UINT64_C(1000000000000),
    UINT64_C(10000000000000),
    UINT64_C(100000000000000),
    UINT64_C(1000000000000000),
    UINT64_C(10000000000000000),
    UINT64_C(100000000000000000),
    UINT64_C(1000000000000000000),
    UINT64_C(10000000000000000000),
};

#ifdef __SIZEOF_INT128__

__extension__ typedef unsigned __int128 wide;

/*
 * With both operands shifted to the top of their 64 bits the quotient has 63 or 64 bits, ten more than a double: so ties
 * between two doubles are multiples of 2^9. When something is left over, the true quotient lies between this one and the next
 * integer; with the lowest bit set it is odd, and on the same side of each tie as the true one. So both round the same.
 */
static bool divide(uint64_t units, uint64_t power, double *value)
{
    int units_up = __builtin_clzll(units);
    int power_up = __builtin_clzll(power);
    uint64_t divisor = power << power_up;
    wide dividend = (wide)(units << units_up) << 63;
    uint64_t quotient = (uint64_t)(dividend / divisor);
    bool is_more = quotient * divisor != (uint64_t)dividend;
    *value = ldexp((double)(quotient | is_more), power_up - units_up - 63);
    return true;
}

/* fraction * power / 2^shift, with a shift from 1 to 127; the product is below 2^117. */
static bool multiply(uint64_t fraction, uint64_t power, unsigned shift, uint64_t *units)
{
    wide product = (wide)fraction * power;
    wide whole = product >> shift;
    wide half = (wide)1 << (shift - 1);
    wide rest = product - (whole << shift);
    whole += rest > half || (rest == half && (whole & 1) != 0);
    *units = (uint64_t)whole;
    return whole <= UINT64_MAX;
}

#else

static bool divide(uint64_t units, uint64_t power, double *value)
{
    return (void)units, (void)power, (void)value, false;
}

static bool multiply(uint64_t fraction, uint64_t power, unsigned shift, uint64_t *units)
{
    return (void)fraction, (void)power, (void)shift, (void)units, false;
}

#endif

bool fixed_to_double(uint64_t units, unsigned decimals, double *value)
{
    CHECK(decimals <= FIXED_MAX_DECIMALS);
    uint64_t power = powers_of_ten[decimals];
    bool is_small = units <= EXACT_UNITS && (FLT_EVAL_METHOD == 0 || units == 0);
    if (!is_small)
        return divide(units, power, value);
    *value = (double)(int64_t)units / (double)power;
    return true;
}

bool fixed_from_double(double value, unsigned decimals, uint64_t *units)
{
    CHECK(decimals <= FIXED_MAX_DECIMALS);
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint64_t exponent = bits >> FRACTION_BITS; /* and the sign, which puts it over the range */
    if (exponent < EXPONENT_BIAS - 75 || exponent >= EXPONENT_BIAS + FRACTION_BITS)
        return false;
    uint64_t fraction = (bits & (FRACTION_ONE - 1)) | FRACTION_ONE;
    unsigned shift = (unsigned)(EXPONENT_BIAS + FRACTION_BITS - exponent);
    return multiply(fraction, powers_of_ten[decimals], shift, units);
}
