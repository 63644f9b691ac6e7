/* A stand-in for tests alone: Wine 10's ucrtbase.dll ends a program in most functions of complex numbers, and numpy calls
   them when it is imported. This one has those; make.sh leads every other name on to Wine's own, renamed ucrtwine.dll.
   It is never part of what we give away. */
#include <complex.h>

typedef struct { double re, im; } Wide; /* how Windows hands complex numbers over: _Dcomplex, _Fcomplex */
typedef struct { float re, im; } Narrow;

static double complex in(Wide z) { return z.re + z.im * I; }
static Wide out(double complex z) { return (Wide){creal(z), cimag(z)}; }
static Wide widen(Narrow z) { return (Wide){z.re, z.im}; }
static Narrow narrow(Wide z) { return (Narrow){(float)z.re, (float)z.im}; }

/* Each in its three sizes; "long double" is a double on Windows. */
#define COMPLEX(name) \
    Wide own_##name(Wide z) { return out(name(in(z))); } \
    Wide own_##name##l(Wide z) { return own_##name(z); } \
    Narrow own_##name##f(Narrow z) { return narrow(own_##name(widen(z))); }
#define REAL(name) \
    double own_##name(Wide z) { return name(in(z)); } \
    double own_##name##l(Wide z) { return own_##name(z); } \
    float own_##name##f(Narrow z) { return (float)own_##name(widen(z)); }

COMPLEX(cacos) COMPLEX(cacosh) COMPLEX(casin) COMPLEX(casinh) COMPLEX(catan) COMPLEX(catanh)
COMPLEX(ccos) COMPLEX(ccosh) COMPLEX(cexp) COMPLEX(clog) COMPLEX(conj) COMPLEX(cproj)
COMPLEX(csin) COMPLEX(csinh) COMPLEX(csqrt) COMPLEX(ctan) COMPLEX(ctanh)
REAL(cabs) REAL(carg) REAL(cimag) REAL(creal)

Wide own_cpow(Wide base, Wide power) { return out(cpow(in(base), in(power))); }
Wide own_cpowl(Wide base, Wide power) { return own_cpow(base, power); }
Narrow own_cpowf(Narrow base, Narrow power) { return narrow(own_cpow(widen(base), widen(power))); }
