#include "experiments/commands/device_option.h"

namespace edgefront {

void add_device_options(CommandLine& line) {
  line.option("on", "COMMAND", "",
              "measure on the device that this command reaches, e.g. \"ssh pi@board "
              "./edgefront-probe -\" (default: this machine)")
      .option("retries", "N", "0", "of --on: so many times a cut line is opened again");
}

MeasuringDevice open_measuring_device(const CommandLine& line, ProgressLine& progress) {
  DeviceLinkOptions options;
  options.retries = int(line.integer("retries", 0, 1000));
  if (!line.given("on")) return MeasuringDevice();
  options.link.command = line.text("on");
  options.notice = [&progress](const std::string& text) { progress.note(text); };
  return MeasuringDevice(std::move(options));
}

}  // namespace edgefront
