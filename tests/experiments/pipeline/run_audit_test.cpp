#include "experiments/pipeline/run_audit.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "space/error.h"
#include "space/random.h"
#include "tests/experiments/pipeline/toy_run.h"

namespace edgefront {
namespace {

/// Networks of the toy space at two fidelities: the low one is `blur` away from the high one.
std::vector<EvaluationRecord> records_of(const SearchSpace& space, double blur) {
  std::vector<EvaluationRecord> records;
  std::int64_t index = 0;
  for (int i = 0; i < 60; ++i) {
    RandomStream random(5, std::uint64_t(i));
    const Genotype genotype = sample_uniform(space, random);
    for (int fidelity = 0; fidelity < (i % 2 == 0 ? 2 : 1); ++fidelity) {
      EvaluationRecord record;
      record.index = index++;
      record.genotype = to_text(space, genotype);
      record.fidelity = fidelity;
      record.objectives = toy::objectives(space, genotype);
      // A size that says little about the error.
      record.metrics = {{"parameters", record.objectives[0] + 30 * random.normal()},
                        {"macs", random.normal()}};
      if (fidelity == 0) record.objectives[0] += 50 + blur * random.normal();
      records.push_back(record);
    }
  }
  return records;
}

TEST_CASE("a lower fidelity is judged by the networks that were promoted from it") {
  const SearchSpace space = toy::space();
  const Problem problem = toy::problem(space);
  const RunAudit good = audit_run(problem, records_of(space, 0.01));
  REQUIRE(good.proxies.size() == 1);
  CHECK(good.proxies[0].networks == 30);
  CHECK(good.proxies[0].verdict.name == "fidelity 0");
  CHECK(good.proxies[0].verdict.spearman > 0.99);
  CHECK(good.proxies[0].verdict.kept);
  const RunAudit bad = audit_run(problem, records_of(space, 1000));
  CHECK_FALSE(bad.proxies[0].verdict.kept);
  CHECK(toy::contains(audit_lines(bad)[0], "audit of 30 networks: fidelity 0: rank correlation "));
  CHECK(toy::contains(audit_lines(bad)[0], "below parameters and MACs"));
  CHECK(toy::contains(audit_lines(bad)[0], ": dropped"));
}

TEST_CASE("features are judged by all networks, and by nothing where no size is known") {
  const SearchSpace space = toy::space();
  Problem problem = toy::problem(space);
  problem.feature_names = {"seeing"};
  problem.features = [&](const std::vector<Genotype>& genotypes) {
    std::vector<std::vector<double>> rows;
    for (const Genotype& g : genotypes) rows.push_back({-toy::objectives(space, g)[0]});
    return rows;
  };
  std::vector<EvaluationRecord> records = records_of(space, 0.05);
  std::erase_if(records, [](const EvaluationRecord& record) { return record.fidelity == 1; });
  for (EvaluationRecord& record : records) record.objectives[0] -= 50;
  const RunAudit audit = audit_run(problem, records);
  REQUIRE(audit.proxies.size() == 1);
  CHECK(audit.proxies[0].networks == 59);  // one was drawn twice
  CHECK(audit.proxies[0].verdict.spearman < -0.9);
  for (EvaluationRecord& record : records) record.metrics.clear();
  const RunAudit alone = audit_run(problem, records);
  CHECK(alone.baselines.empty());
  CHECK(alone.proxies[0].verdict.kept);
  CHECK_FALSE(toy::contains(audit_lines(alone)[0], "above"));
}

TEST_CASE("a run of one fidelity and no features has no audit and no file") {
  const SearchSpace space = toy::space();
  std::vector<EvaluationRecord> records = records_of(space, 1);
  for (EvaluationRecord& record : records) record.fidelity = 0;
  const RunAudit audit = audit_run(toy::problem(space), records);
  CHECK(audit.proxies.empty());
  const toy::TemporaryFolder folder;
  write_audit(folder.path(), audit, nullptr);
  CHECK_FALSE(std::filesystem::exists(folder.path("audit.json")));
  CHECK(read_audit_lines(folder.path()).empty());
}

TEST_CASE("audit.json has the documented keys and is read back; a damaged one is refused") {
  const SearchSpace space = toy::space();
  const RunAudit audit = audit_run(toy::problem(space), records_of(space, 0.1));
  const toy::TemporaryFolder folder;
  std::string notice;
  write_audit(folder.path(), audit, [&](const std::string& line) { notice += line; });
  CHECK(notice == audit_lines(audit)[0]);
  const auto json = nlohmann::json::parse(toy::read_text(folder.path("audit.json")));
  CHECK(json.at("baselines") == "parameters and MACs");
  const auto& proxy = json.at("proxies").at(0);
  CHECK(proxy.at("name") == "fidelity 0");
  CHECK(proxy.at("networks") == 30);
  CHECK(proxy.at("kept") == true);
  CHECK(proxy.at("spearman").get<double>() == audit.proxies[0].verdict.spearman);
  const auto lines = read_audit_lines(folder.path());
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].first == "fidelity 0");
  CHECK(lines[0].second == verdict_text(audit.proxies[0].verdict, audit.baselines));
  toy::write_text(folder.path("audit.json"), "{\"proxies\":[{}]}");
  CHECK_THROWS_AS(read_audit_lines(folder.path()), InputError);
}

}  // namespace
}  // namespace edgefront
