// What every algorithm does around its own idea: included genotypes are asked first, then an
// initial design, nothing is asked twice, each candidate has an index and a random stream of its
// own, and what an idea cannot fill is filled uniformly. Where constraints are free to check, what
// violates them is not asked as long as something else can be found.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "search/feasible_start.h"
#include "search/search_algorithm.h"
#include "search/unseen.h"
#include "space/random.h"

namespace edgefront {

/// The first networks of an algorithm, included ones among them.
struct Beginning {
  InitialDesign design = InitialDesign::kStratified;
  int size = 0;
};

class CandidateBook {
 public:
  /// The problem's space outlives this.
  CandidateBook(const Problem& problem, std::uint64_t seed, const std::vector<Genotype>& include,
                Beginning beginning);

  /// A canonical genotype, or nothing: take the next of the design, or draw one uniformly. What was
  /// seen is tried again.
  using Propose = std::function<std::optional<Genotype>(RandomStream&)>;
  /// The next `count` candidates, fewer only where the space ends. `propose` gets the stream of the
  /// candidate's index and is called until what it gives is new and keeps the exact constraints,
  /// kAttempts times at most. Where nothing was new a uniform sample of the unseen stands in. Where
  /// as many proposals or samples all violate the constraints, a network of feasible_start() does,
  /// and when these are used up, what violated them least.
  std::vector<Candidate> ask(int count, const Propose& propose);
  /// What is told about the genotype: `evaluation` gets its canonical form. What failed is nothing
  /// and has no descendants.
  enum class News { kNothing, kFirst, kBetterValues };
  News accept(Evaluation& evaluation);

  bool seen(const Genotype& genotype) const { return seen_.contains(genotype); }
  std::int64_t next_index() const { return next_index_; }

  static constexpr int kAttempts = 50;

 private:
  std::optional<Genotype> next(const Propose& propose);
  std::optional<Genotype> next_feasible(const Propose& propose, RandomStream& random);
  std::optional<Genotype> next_of_design();
  std::optional<Genotype> first_unseen(const std::vector<Genotype>& genotypes) const;

  Problem problem_;
  std::uint64_t seed_;
  std::deque<Genotype> include_;
  Beginning beginning_;
  SeenGenotypes seen_;      ///< asked or told
  std::vector<bool> told_;  ///< with values: by number of those seen
  /// feasible_start(), once it was needed: to begin with, and where nothing else is feasible.
  std::optional<std::vector<Genotype>> design_, start_;
  std::int64_t next_index_ = 0;
};

/// An algorithm that keeps a book: what is left to it is what to try and whom to keep.
class BookedAlgorithm : public SearchAlgorithm {
 public:
  std::vector<Candidate> ask(int count) override;
  void tell(const std::vector<Evaluation>& evaluations) override;

 protected:
  BookedAlgorithm(const Problem& problem, std::uint64_t seed, const std::vector<Genotype>& include,
                  Beginning beginning)
      : book_(problem, seed, include, beginning) {}

  /// See CandidateBook::Propose. Changes nothing that a later call would notice.
  virtual std::optional<Genotype> propose(RandomStream& random) = 0;
  /// The first values of a genotype.
  virtual void join(Evaluation told) = 0;
  /// Better values of a genotype that has joined.
  virtual void update(const Evaluation& better) = 0;

  CandidateBook book_;
};

/// Gives the member with the genotype of `better` its values; false where there is none.
bool replace_values(std::vector<Evaluation>& members, const Evaluation& better);

}  // namespace edgefront
