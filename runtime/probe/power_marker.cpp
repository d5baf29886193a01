#include "runtime/probe/power_marker.h"

#include <algorithm>

namespace edgefront {

void make_marker(const ProbeTime& time, const std::function<double()>& work_us, double* start_s,
                 double* end_s) {
  time.sleep_s(kMarkerRest_s);
  *start_s = time.now_s();
  for (int i = 0; i < kMarkerLength; ++i) {
    const double chip_end_s = *start_s + (i + 1) * kMarkerChip_s;
    if (kMarkerChips[i] == 0) time.sleep_s(std::max(0.0, chip_end_s - time.now_s()));
    while (time.now_s() < chip_end_s) work_us();
  }
  *end_s = *start_s + kMarkerLength * kMarkerChip_s;
  time.sleep_s(kMarkerRest_s);
}

}  // namespace edgefront
