#include "hwprofiles/profile_rows.h"

#include <cmath>
#include <limits>

#include "space/error.h"

namespace edgefront {

void fail_row(const std::string& file, const std::string& table, std::size_t row,
              const std::string& what) {
  throw InputError(file + ": " + table + "[" + std::to_string(row) + "]: " + what);
}

void append(Hdf5Table& table, const char* column, double value) {
  std::get<Reals>(table.columns.at(column)).push_back(value);
}

void append(Hdf5Table& table, const char* column, std::int64_t value) {
  std::get<Integers>(table.columns.at(column)).push_back(value);
}

void append(Hdf5Table& table, const char* column, const std::string& value) {
  std::get<Texts>(table.columns.at(column)).push_back(value);
}

void append_statistics(Hdf5Table& table, const LatencyStatistics& s) {
  append(table, "latency_us", s.latency_us);
  append(table, "latency_low_us", s.latency_low_us);
  append(table, "latency_high_us", s.latency_high_us);
  append(table, "p50_us", s.p50_us);
  append(table, "p95_us", s.p95_us);
  append(table, "p99_us", s.p99_us);
  append(table, "samples", std::int64_t{s.samples});
  append(table, "rejected", std::int64_t{s.rejected});
}

void append_setting(Hdf5Table& table, const std::string& space_digest, Precision precision,
                    int threads, const std::string& kernel_set) {
  append(table, "space_digest", space_digest);
  append(table, "precision", std::string(precision_name(precision)));
  append(table, "threads", std::int64_t{threads});
  append(table, "kernel_set", kernel_set);
}

std::size_t rows_of(const Hdf5Table& table, const char* text_column) {
  return std::get<Texts>(table.columns.at(text_column)).size();
}

// ---- rows -------------------------------------------------------------------------------------

double TableRow::real(const char* column) const {
  const double value = std::get<Reals>(table.columns.at(column))[index];
  if (!std::isfinite(value)) fail(std::string(column) + " is not finite");
  return value;
}

double TableRow::positive(const char* column) const {
  const double value = real(column);
  if (value <= 0) fail(std::string(column) + " is not positive");
  return value;
}

double TableRow::non_negative(const char* column) const {
  const double value = real(column);
  if (value < 0) fail(std::string(column) + " is negative");
  return value;
}

double TableRow::positive_or_unknown(const char* column) const {
  const double value = real(column);
  if (value <= 0 && value != -1) fail(std::string(column) + " is neither positive nor -1");
  return value;
}

double TableRow::at_least_zero_or_unknown(const char* column) const {
  const double value = real(column);
  if (value < 0 && value != -1) fail(std::string(column) + " is negative and not -1");
  return value;
}

int TableRow::integer(const char* column) const {
  const std::int64_t value = std::get<Integers>(table.columns.at(column))[index];
  if (value < 0 || value > std::numeric_limits<int>::max()) {
    fail(std::string(column) + " is out of range");
  }
  return static_cast<int>(value);
}

int TableRow::threads() const {
  const int value = integer("threads");
  if (value < 1) fail("threads is not positive");
  return value;
}

std::int64_t TableRow::time(const char* column) const {
  const std::int64_t value = std::get<Integers>(table.columns.at(column))[index];
  if (value < -1) fail(std::string(column) + " is out of range");
  return value;
}

const std::string& TableRow::text(const char* column) const {
  return std::get<Texts>(table.columns.at(column))[index];
}

Precision TableRow::precision() const {
  const std::string& word = text("precision");
  for (const Precision precision : {Precision::kFloat32, Precision::kInt8}) {
    if (word == precision_name(precision)) return precision;
  }
  fail("precision is \"" + word + "\"; accepted: fp32, int8");
}

LatencyStatistics TableRow::statistics(int fewest_samples) const {
  LatencyStatistics s;
  s.latency_us = real("latency_us");
  s.latency_low_us = real("latency_low_us");
  s.latency_high_us = real("latency_high_us");
  s.p50_us = real("p50_us");
  s.p95_us = real("p95_us");
  s.p99_us = real("p99_us");
  s.samples = integer("samples");
  s.rejected = integer("rejected");
  // The interval may reach below zero for few noisy samples; the times themselves may not.
  const bool in_order = s.latency_us > 0 && s.p50_us > 0 && s.p50_us <= s.p95_us &&
                        s.p95_us <= s.p99_us && s.latency_low_us <= s.latency_us &&
                        s.latency_us <= s.latency_high_us;
  if (!in_order) fail("times are not positive and in order");
  if (s.samples < fewest_samples) {
    fail("samples is " + std::to_string(s.samples) + ", accepted are " +
         std::to_string(fewest_samples) + " or more");
  }
  return s;
}

// ---- attributes -------------------------------------------------------------------------------

double TableAttributes::real(const char* name) const {
  const double value = std::get<double>(table.attributes.at(name));
  if (!std::isfinite(value)) throw InputError(file + ": " + name + " is not finite");
  return value;
}

double TableAttributes::non_negative(const char* name) const {
  const double value = real(name);
  if (value < 0) throw InputError(file + ": " + name + " is negative");
  return value;
}

std::int64_t TableAttributes::integer(const char* name) const {
  return std::get<std::int64_t>(table.attributes.at(name));
}

const std::string& TableAttributes::text(const char* name) const {
  return std::get<std::string>(table.attributes.at(name));
}

}  // namespace edgefront
