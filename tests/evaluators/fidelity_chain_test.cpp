#include "evaluators/fidelity_chain.h"

#include <doctest/doctest.h>

#include "runtime/file.h"

namespace edgefront {
namespace {

/// Answers with its own number and the fidelity that it was asked for.
class Echo final : public AccuracyEvaluator {
 public:
  Echo(double number, std::string digest, int at_once = 0)
      : number_(number), digest_(std::move(digest)), at_once_(at_once) {}
  std::string prepare(const std::string& folder, const EvaluatorProgress&) override {
    prepared = folder;
    return digest_;
  }
  Accuracy evaluate(const AccuracyRequest& request) override {
    Accuracy accuracy;
    accuracy.ok = true;
    accuracy.error_percent = number_ + request.fidelity;
    accuracy.extra["seed"] = double(request.seed);
    return accuracy;
  }
  int side_by_side() const override { return at_once_; }
  std::string prepared;

 private:
  const double number_;
  const std::string digest_;
  const int at_once_;
};

TEST_CASE("each lower evaluator is one fidelity and the highest has all above") {
  const auto quick = std::make_shared<Echo>(100, ""), middle = std::make_shared<Echo>(200, "");
  const auto chain = make_fidelity_chain({quick, middle}, std::make_shared<Echo>(300, "", 7));
  const std::vector<double> expected{100, 200, 300, 301};
  for (int fidelity = 0; fidelity < 4; ++fidelity) {
    const Accuracy answer = chain->evaluate({.genotype = {}, .fidelity = fidelity, .seed = 5});
    CHECK(answer.error_percent == expected[std::size_t(fidelity)]);
    CHECK(answer.extra.at("seed") == 5);
  }
  CHECK(chain->side_by_side() == 7);
}

TEST_CASE("all are prepared, and the digest is of every artefact") {
  const auto scores = std::make_shared<Echo>(0, ""), supernet = std::make_shared<Echo>(1, "aa");
  CHECK(make_fidelity_chain({scores}, supernet)->prepare("f", nullptr) == "aa");
  CHECK(scores->prepared == "f");
  CHECK(make_fidelity_chain({supernet}, scores)->prepare("g", nullptr) == "aa");
  CHECK(scores->prepared == "g");
  CHECK(make_fidelity_chain({scores}, scores)->prepare("f", nullptr).empty());
  const std::string both =
      make_fidelity_chain({supernet}, std::make_shared<Echo>(2, "bb"))->prepare("f", nullptr);
  CHECK(both == digest_hex("aa\nbb\n", 6));
}

TEST_CASE("without lower fidelities there is no chain") {
  const auto alone = std::make_shared<Echo>(1, "");
  CHECK(make_fidelity_chain({}, alone) == alone);
}

}  // namespace
}  // namespace edgefront
