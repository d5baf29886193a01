#include "evaluators/fidelity_chain.h"

#include <string>
#include <utility>

#include "runtime/file.h"

namespace edgefront {
namespace {

class FidelityChain final : public AccuracyEvaluator {
 public:
  FidelityChain(std::vector<std::shared_ptr<AccuracyEvaluator>> lower,
                std::shared_ptr<AccuracyEvaluator> highest)
      : lower_(std::move(lower)), highest_(std::move(highest)) {}

  std::string prepare(const std::string& folder, const EvaluatorProgress& progress) override {
    std::vector<std::string> digests;
    const auto prepare_one = [&](AccuracyEvaluator& evaluator) {
      std::string digest = evaluator.prepare(folder, progress);
      if (!digest.empty()) digests.push_back(std::move(digest));
    };
    for (const auto& evaluator : lower_) prepare_one(*evaluator);
    prepare_one(*highest_);
    if (digests.empty()) return "";
    if (digests.size() == 1) return digests[0];
    std::string all;
    for (const std::string& digest : digests) all += digest + "\n";
    return digest_hex(all.data(), all.size());
  }

  Accuracy evaluate(const AccuracyRequest& request) override {
    const int below = static_cast<int>(lower_.size());
    AccuracyRequest own = request;
    if (request.fidelity < below) {
      own.fidelity = 0;
      return lower_[static_cast<std::size_t>(request.fidelity)]->evaluate(own);
    }
    own.fidelity -= below;
    return highest_->evaluate(own);
  }

  int side_by_side() const override { return highest_->side_by_side(); }

 private:
  const std::vector<std::shared_ptr<AccuracyEvaluator>> lower_;
  const std::shared_ptr<AccuracyEvaluator> highest_;
};

}  // namespace

std::shared_ptr<AccuracyEvaluator> make_fidelity_chain(
    std::vector<std::shared_ptr<AccuracyEvaluator>> lower,
    std::shared_ptr<AccuracyEvaluator> highest) {
  if (lower.empty()) return highest;
  return std::make_shared<FidelityChain>(std::move(lower), std::move(highest));
}

}  // namespace edgefront
