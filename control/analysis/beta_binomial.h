// The beta-binomial mixture: evidence that bounded increments do not have the mean that is claimed.
//
// A sum s of n steps, each mean zero, each either -g or +h at its extremes, with variance budget v = n g h. logm(s, v)
// is the logarithm of a supermartingale under "mean zero"; it is largest in power around v_opt. Two-sided, or
// one-sided (only s > 0 counts). After Howard, Ramdas, McAuliffe and Sekhon, "Time-uniform, nonparametric,
// nonasymptotic confidence sequences".
// Threads: immutable after construction.
#pragma once

namespace switchyard::control::analysis {

// The mixture variance that makes the boundary tightest at v for error rate alpha.
double best_rho(double v, double alpha);

class BetaBinomial {
  public:
    BetaBinomial(double v_opt, double alpha_opt, double g, double h, bool one_sided);

    double logm(double s, double v) const;
    // The smallest s at which logm(s, v) reaches ln(1/alpha); never beyond what s can be.
    double bound(double v, double alpha) const;

  private:
    double g_, h_, rho_, upto_, norm_;
};

}  // namespace switchyard::control::analysis
