// How far off a fresh observation may be, from the errors of others.
#pragma once

#include <vector>

namespace edgefront {

/// What a fresh observation's absolute error stays within with probability 0.9: the
/// ⌈0.9·(n + 1)⌉-th smallest of the `errors`, each of an observation that its prediction did not
/// know (the finite-sample rank of Vovk et al. 2005, "Algorithmic learning in a random world");
/// where that rank does not exist, the larger of the largest and `student` (the two-sided 90 %
/// quantile of Student's t) times their root mean square. At least one error.
double half_width_90(std::vector<double> errors, double student);

}  // namespace edgefront
