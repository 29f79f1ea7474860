#!/usr/bin/env python3
"""
Makes lifetimes.csv and gamma_gamma.csv beside it in two minutes; wants mpmath and gmpy2.

Oracle for probabilistic customer-lifetime models, computed from the DEFINITION of the process by
numerical integration over the unobserved individual quantities.  No published closed form is used
(no 2F1, no published P(alive)/expected formula).

PROCESS.  First purchase at time 0 (not counted); observed until T; x repeat purchases in (0,T], the
last at t_x (0 if x = 0).  lambda ~ Gamma(shape r, RATE alpha).  p ~ Beta(a,b) independent of lambda.
  bgnbd      gaps Exp(lambda); after each REPEAT purchase drops out with probability p
  mbgnbd     the same, and can also drop out right after the first purchase (time 0)
  bgcnbd_k   as bgnbd  but gaps Erlang(k), each of the k stages Exp(lambda)  (mean gap k/lambda)
  mbgcnbd_k  as mbgnbd but gaps Erlang(k)
  pareto_nbd gaps Exp(lambda); lifetime Exp(mu), mu ~ Gamma(shape s, RATE beta); p3=s, p4=beta

LIKELIHOOD CONVENTION (natural log).  Density of the WHOLE SEQUENCE of x purchase times and of no
purchase in (last, T].  No combinatorial / (x,t_x)-marginalisation constant.
  k = 1 : prod over gaps of lambda e^{-lambda g} = lambda^x e^{-lambda t_x}.
  k > 1 : each gap has density lambda^k g^(k-1) e^{-lambda g}/Gamma(k).
          KEPT:    lambda^(k x), 1/Gamma(k)^x, e^{-lambda t_x}.
          DROPPED: only the data-only factor prod_i g_i^(k-1).
          ll_full = ll_without_gaps + (k-1) * sum_i log(g_i),  i = 1..x, g_i = gap before purchase i
          (sum of g_i = t_x; the censored last gap T - t_x is NOT among them).
          ll_full is comparable across k.
  columns `ll` and `ll_without_gaps` are the same number (identical by design; k=1: also ll_full).
To get instead the density of (x,t_x) alone (times before the last integrated out) multiply by
  k=1: t_x^(x-1)/Gamma(x);  general k: exp(ll_without_gaps) * Gamma(k)^x * t_x^(k x-1)/Gamma(k x).

CONDITIONAL ON (lambda,p), alive state, d = T - t_x (x = 0: d = T):
  death branch  lambda^{kx} e^{-lambda t_x} p (1-p)^{n-1}
  alive branch  lambda^{kx} e^{-lambda T} (1-p)^n * sum_{i<k} (lambda d)^i/i!      i = stages since t_x
     n = x (bg*) or x+1 (mbg*); bg* with x = 0 has no death branch.
  N(t) renewals in the next t ignoring drop out, from state i:
     P(N>=j | i) = P(Poisson(lambda t) >= j k - i)
  expected = sum_{j>=1} E[(1-p)^{n+j-1}] E_lambda[P(N>=j) alive weight] / L   (j-th future purchase
     happens iff alive at T, no drop out at future purchases 1..j-1, and N(t)>=j)
  p_none   = L(x,t_x,T+t)/L(x,t_x,T)          (asserted = 1 - P(first future purchase happens))
  p_full_2 = E[(1-p)^{n+1} ( p P(N>=2) + (1-p) P(N=2) )]/L
  p_alive  = alive branch / L  -- a customer who drops out at the very purchase at t_x is not alive.
lambda and p integrals: double-exponential trapezoid rule in log lambda / logit p, 50 digits, step
halved until every output of the row is stable to 1e-13 relative (true error is ~ the square).
pareto_nbd: given the death time tau the lambda and mu integrals are the defining integral of Gamma;
the death time is integrated numerically (mp.quad).
Each row was found again by another 2-D quadrature in double precision, and a part by simulation.
"""
import csv, sys, time, math
from pathlib import Path
import mpmath as mp
import gmpy2
from gmpy2 import mpfr

HERE = Path(__file__).parent
DPS = 50
mp.mp.dps = DPS
gmpy2.get_context().precision = mp.mp.prec + 10
CUT = 140            # exponent of the truncated tails: e^-140 ~ 1e-61
TOL = mp.mpf(10) ** -13


def F(v):            # mpmath -> gmpy2
    s, m, e, _ = mp.mpf(v)._mpf_
    m = mpfr(int(m))
    m = gmpy2.mul_2exp(m, int(e)) if e >= 0 else gmpy2.div_2exp(m, int(-e))
    return -m if s else m


def M(v):            # gmpy2 -> mpmath
    n, d = v.as_integer_ratio() if v != 0 else (0, 1)
    return mp.mpf(int(n)) / mp.mpf(int(d))


def lam_nodes(r, al, kx, rate_lo, rate_hi, h, slow=0):
    """nodes lambda and weights lambda^kx * prior without exp(-rate*lambda) (that incl. alpha is
    applied by the caller); covers every rate in [rate_lo, rate_hi] (rates include alpha)."""
    s0 = r + kx
    m = mp.log(s0 / rate_hi)
    sg = mp.mpf(1) / 2 / max(mp.mpf(1), mp.sqrt(s0))
    # right limit for the slowest rate: rate*lambda - s0 log(rate*lambda/s0) - s0 > CUT
    z = s0 + CUT
    while z - s0 * mp.log(z / s0) - s0 < CUT:
        z *= mp.mpf('1.2')
    yR = mp.log(z / rate_lo)
    wR = (yR - m) / sg + 1
    z = (CUT / (s0 - slow) + 4) / sg       # left: s0*(m-y) > CUT (slow: integrand also over nu^slow)
    wL = -mp.log(z) - 1
    out = []
    n0, n1 = int(mp.floor(wL / h)), int(mp.ceil(wR / h))
    lc = r * mp.log(al) - mp.loggamma(r)
    for n in range(n0, n1 + 1):
        w = n * h
        e = mp.exp(-w)
        y = m + sg * (w + 1 - e)
        lam = mp.exp(y)
        out.append((lam, mp.exp(lc + s0 * y) * sg * (1 + e) * h))
    return out


def p_nodes(a, b, n_alive, h):
    n0 = max(n_alive - 1, 0)
    m = mp.log(a / (b + n_alive))
    yL = m - CUT / a - 5
    yR = max(m, mp.mpf(0)) + 5 + CUT / (b + n0)
    wL, wR = mp.asinh(yL - m), mp.asinh(yR - m)
    lB = mp.log(mp.beta(a, b))
    out = []
    for n in range(int(mp.floor(wL / h)), int(mp.ceil(wR / h)) + 1):
        w = n * h
        y = m + mp.sinh(w)
        if y > 0:
            e = mp.exp(-y); lp = -mp.log1p(e); lq = -y + lp
        else:
            e = mp.exp(y); lq = -mp.log1p(e); lp = y + lq
        out.append((mp.exp(lp), mp.exp(lq), mp.exp(a * lp + b * lq - lB) * mp.cosh(w) * h))
    return out


def bg_level(k, mod, r, al, a, b, x, tx, T, t, h, extra=None):
    d = T - tx
    n = x + (1 if mod else 0)
    pn = p_nodes(a, b, n, h)
    P = [F(v[0]) for v in pn]
    Q = [F(v[1]) for v in pn]
    # weights w (1-p)^(n-1) [n>=1] or w
    if n >= 1:
        w0 = [F(v[2]) * q ** (n - 1) for v, q in zip(pn, Q)]
        Mdeath = sum(w * p for w, p in zip(w0, P))
        wa = [w * q for w, q in zip(w0, Q)]
    else:
        Mdeath = mpfr(0)
        wa = [F(v[2]) for v in pn]
    Malive = sum(wa)

    ln = lam_nodes(r, al, k * x, al + tx, al + T + t, h)
    lam = [F(v[0]) for v in ln]
    base = [F(v[1]) for v in ln]
    WD = sum(bw * gmpy2.exp(-l * F(al + tx)) for l, bw in zip(lam, base))
    W0 = [bw * gmpy2.exp(-l * F(al + T)) for l, bw in zip(lam, base)]
    fd, ft = F(d), F(t)
    Wi = []
    cur = W0
    for i in range(k):
        if i:
            cur = [c * l * fd / i for c, l in zip(cur, lam)]
        Wi.append(cur)
    WA = sum(sum(c) for c in Wi)
    L = Mdeath * WD + Malive * WA
    # inactivity window extended to T+t
    WA2 = mpfr(0)
    cur = [bw * gmpy2.exp(-l * F(al + T + t)) for l, bw in zip(lam, base)]
    for i in range(k):
        if i:
            cur = [c * l * (fd + ft) / i for c, l in zip(cur, lam)]
        WA2 += sum(cur)
    p_none = (Mdeath * WD + Malive * WA2) / L
    p_alive = Malive * WA / L
    # future purchases
    G = [None]
    E = mpfr(0)
    wq = wa
    Mq = {0: Malive}
    pm = [gmpy2.exp(-l * ft) for l in lam]           # Poisson pmf at nn-1
    tail = [1 - v for v in pm]
    tail = [gmpy2.mpfr(0) - gmpy2.expm1(-l * ft) for l in lam]   # P(Poisson >= 1)
    lt = [l * ft for l in lam]
    nn = 1
    j = 1
    small = mpfr(10) ** -22
    while True:
        # G_j = sum_i sum_nodes W_i P(Poisson >= jk - i); nn runs over jk-k+1 .. jk
        Gj = mpfr(0)
        for i in range(k - 1, -1, -1):
            assert nn == j * k - i
            wi = Wi[i]
            Gj += sum(map(gmpy2.mul, wi, tail))
            # advance tail to nn+1
            pm = [v * u / nn for v, u in zip(pm, lt)]
            tail = list(map(gmpy2.sub, tail, pm))
            nn += 1
        G.append(Gj)
        term = Mq[j - 1] * Gj
        E += term
        if j >= 3 and abs(term) < small * E:
            break
        if j > 20000:
            raise RuntimeError('no end of j sum')
        wq = list(map(gmpy2.mul, wq, Q))
        Mq[j] = sum(wq)
        if j == 1:
            wq1 = wq
        j += 1
    expected = E / L
    one = 1 - Malive * G[1] / L
    assert abs(one - p_none) < mpfr(10) ** -10 or h > mp.mpf(1) / 16, (one, p_none)
    # (1-p)^{n+1} p  and (1-p)^{n+2}
    Mp1 = sum(w * p for w, p in zip(wq1, P))
    p2 = (Mp1 * G[2] + Mq[2] * (G[2] - G[3])) / L
    ll = mp.log(M(L)) - x * mp.loggamma(k)
    return [ll, M(p_alive), M(p_none), M(expected), M(p2)], M(1 - one) - (1 - M(p_none))


def bg(k, mod, r, al, a, b, x, tx, T, t):
    h = mp.mpf(1) / 4
    prev = None
    while True:
        cur, cons = bg_level(k, mod, r, al, a, b, x, tx, T, t, h)
        if prev is not None:
            err = max(abs(c - p) / abs(c) for c, p in zip(cur, prev))
            if err < TOL:
                assert abs(cons) < mp.mpf(10) ** -20, cons
                return cur, err, h
        prev = cur
        h /= 2
        if h < mp.mpf(1) / 600:
            raise RuntimeError('no convergence')


def geo(lo, hi, shift):
    """break points geometric in (shift+u)"""
    if hi <= lo:
        return [lo, hi]
    nseg = max(2, int(mp.ceil(mp.log((shift + hi) / (shift + lo)) * 2)))
    q = ((shift + hi) / (shift + lo)) ** (mp.mpf(1) / nseg)
    pts = [(shift + lo) * q ** i - shift for i in range(nseg + 1)]
    pts[0], pts[-1] = lo, hi
    return pts


def pareto(r, al, s, be, x, tx, T, t):
    """tau = death time. For given tau: int lambda^(x+c) e^{-lambda u} prior = gl(c,u), the defining
    integral of Gamma; density of tau: int mu e^{-mu tau} prior."""
    def gl(c, u):
        return mp.exp(mp.loggamma(r + x + c) - mp.loggamma(r) + r * mp.log(al)
                      - (r + x + c) * mp.log(al + u))
    fden = lambda tau: s / be * (be / (be + tau)) ** (s + 1)
    surv = lambda tau: (be / (be + tau)) ** s
    sh = min(al, be)

    def quad(f, lo, hi):
        if hi <= lo:
            return mp.mpf(0), mp.mpf(0)
        pts = geo(lo, hi, sh)
        if r + x > 50:      # sharper integrand: cut more finely
            pts2 = [pts[0]]
            for u, v in zip(pts, pts[1:]):
                m = 6
                pts2 += [u + (v - u) * i / m for i in range(1, m + 1)]
            pts = pts2
        sc = max(abs(f(u)) for u in pts)       # mp.quad stops on ABSOLUTE error: scale to order 1
        v1, e = mp.quad(lambda u: f(u) / sc, pts, error=True)
        return v1 * sc, e * sc

    def L(TT):
        d, e = quad(lambda tau: fden(tau) * gl(0, tau), tx, TT)
        al_ = gl(0, TT) * surv(TT)
        return d + al_, al_, e
    L0, A0, e0 = L(T)
    L1, _, e1 = L(T + t)
    Ex, e2 = quad(lambda u: gl(1, T) * surv(T + u), mp.mpf(0), t)
    P2, e3 = quad(lambda u: fden(T + u) * gl(2, T + u) * u * u / 2, mp.mpf(0), t)
    P2 += surv(T + t) * gl(2, T + t) * t * t / 2
    err = max(abs(e0 / L0), abs(e1 / L1), abs(e2 / Ex), abs(e3 / P2))
    assert err < TOL, err
    return [mp.log(L0), A0 / L0, L1 / L0, Ex / L0, P2 / L0], err, mp.mpf(0)


ROWS = [('0', '0', '38.86'), ('2', '30.43', '38.86'), ('1', '1', '38'), ('26', '30.9', '31'),
        ('7', '29.4', '30'), ('300', '95', '100'), ('3', '0.14', '520')]
HOR = ['13', '39', '200']
EDGE = [('4', '30', '30')]       # T == t_x
BG = [('.243', '4.414', '.793', '2.426'), ('.52', '6.18', '.89', '1.61'), ('20', '100', '.3', '.4'),
      ('.05', '1.5', '.6', '3.5')]
CB = [('.52', '6.18', '.89', '1.61'), ('.9', '2.7', '.45', '.7'), ('20', '50', '2.5', '.8'),
      ('.05', '1.5', '.6', '3.5')]
PA = [('.553', '10.578', '.606', '11.669'), ('1.2', '14', '2.5', '6'), ('.9', '8', '.7', '8'),
      ('20', '100', '.5', '3'), ('.05', '1.5', '.08', '2.5')]
MODELS = [('bgnbd', 1, 0, BG), ('mbgnbd', 1, 1, [BG[1], BG[0], BG[2], BG[3]]),
          ('mbgcnbd_2', 2, 1, CB), ('mbgcnbd_3', 3, 1, CB), ('mbgcnbd_5', 5, 1, CB),
          ('bgcnbd_2', 2, 0, CB), ('pareto_nbd', 1, None, PA)]


def rows():
    for mi, (name, k, mod, sets) in enumerate(MODELS):
        for si, ps in enumerate(sets):
            for ri, row in enumerate(ROWS):
                hz = [HOR[(ri + si + mi) % 3]]
                if row[1] == '30.43' and si == 0:
                    hz = HOR                       # canonical row at all horizons
                for t in hz:
                    yield name, k, mod, ps, row, t
        yield name, k, mod, sets[0], EDGE[0], '39'
    yield 'pareto_nbd', 1, None, PA[0], ('26', '30.86', '31'), '39'


def compute(name, k, mod, ps, row, t):
    q = [mp.mpf(v) for v in ps]
    x = int(row[0]); tx = mp.mpf(row[1]); T = mp.mpf(row[2]); t = mp.mpf(t)
    if mod is None:
        return pareto(*q, x, tx, T, t)
    return bg(k, mod, *q, x, tx, T, t)


HEAD = ['model', 'k', 'r', 'alpha', 'p3', 'p4', 'x', 't_x', 'T', 'll', 'll_without_gaps', 'p_alive',
        't', 'p_none', 'expected', 'p_full_2']


def gamma_gamma():
    """z_i ~ Gamma(shape p, rate nu), nu ~ Gamma(shape q, rate gamma). Mean m of x transactions:
    sum ~ Gamma(p x, nu) so m ~ Gamma(p x, nu x).  ll = log int f(m|nu) prior(nu) dnu (density of m);
    expected = E[p/nu | m, x]."""
    cases = [('6.25', '3.74', '15.44', 1, '20'), ('6.25', '3.74', '15.44', 2, '35.5'),
             ('6.25', '3.74', '15.44', 10, '50'), ('6.25', '3.74', '15.44', 100, '30.25'),
             ('0.5', '0.8', '3', 1, '4'), ('0.5', '0.8', '3', 7, '0.6'),
             ('12', '4.5', '20', 3, '61.3'), ('12', '4.5', '20', 1, '900'),
             ('2', '1', '5', 1, '8.75'), ('2', '1', '5', 40, '0.02'),
             ('1.5', '6', '200', 4, '55'), ('30', '1.05', '0.4', 250, '12')]
    with open(HERE / 'gamma_gamma.csv', 'w', newline='') as f:
        w = csv.writer(f, lineterminator='\n')
        w.writerow(['p', 'q', 'gamma', 'x', 'm', 'll', 'expected'])
        for c in cases:
            p, q, g, x, m = [mp.mpf(v) for v in c]
            lc = p * x * mp.log(x) + (p * x - 1) * mp.log(m) - mp.loggamma(p * x)
            h, prev = mp.mpf(1) / 4, None
            while True:      # nu^(p x) * prior: same double-exponential nodes as for lambda
                # tilt by nu^-1 inside the node range: the range is cut for shape p x + q - 1
                nd = lam_nodes(q, g, p * x, g + x * m, g + x * m, h, slow=1)
                I0 = sum(wt * mp.exp(-nu * (g + x * m)) for nu, wt in nd)
                I1 = sum(wt * mp.exp(-nu * (g + x * m)) * p / nu for nu, wt in nd)
                if prev and max(abs(I0 / prev[0] - 1), abs(I1 / prev[1] - 1)) < TOL:
                    break
                prev = I0, I1
                h /= 2
            I0 *= mp.exp(lc)
            I1 *= mp.exp(lc)
            w.writerow(list(c) + [mp.nstr(mp.log(I0), 17), mp.nstr(I1 / I0, 17)])


def main():
    t0 = time.time()
    gamma_gamma()
    seen = {}
    cnt = 0
    with open(HERE / 'lifetimes.csv', 'w', newline='') as f:
        w = csv.writer(f, lineterminator='\n')
        w.writerow(HEAD)
        for name, k, mod, ps, row, t in rows():
            t1 = time.time()
            v, err, h = compute(name, k, mod, ps, row, t)
            s = [mp.nstr(z, 17, min_fixed=-5, max_fixed=17) for z in v]
            w.writerow([name, k] + [mp.nstr(mp.mpf(z), 10) for z in ps] + list(row) + [s[0], s[0], s[1], t, s[2], s[3], s[4]])
            f.flush()
            cnt += 1
            print('%-10s' % name, ps, row, t, ' '.join(mp.nstr(z, 10) for z in v),
                  'err', mp.nstr(err, 2), 'h', mp.nstr(h, 3), '%.1fs' % (time.time() - t1), flush=True)
    print('rows', cnt, 'seconds %.0f' % (time.time() - t0))


if __name__ == '__main__':
    main()
