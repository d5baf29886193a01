// A table as what a search is evaluated by: its rows are the networks, its columns the answers.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "evaluators/data_table.h"
#include "evaluators/table_space.h"
#include "experiments/pipeline/evaluation_source.h"

namespace edgefront {

/// A number that the table gives. Columns are expressions of NumberColumn.
struct TableMetric {
  std::string name;
  std::string column;       ///< the truth
  std::string signal = {};  ///< what the search sees in its place; empty: the truth
  bool exact = false;       ///< free to look up for any network
};

struct TableChoice {
  std::vector<std::string> decisions;  ///< columns, see make_table_space
  std::vector<TableMetric> metrics;
  std::vector<std::string> objectives;        ///< names of metrics; all minimised
  std::map<std::string, double> limits = {};  ///< largest values, by names of metrics; above 0
  std::vector<std::string> features = {};     ///< columns that a surrogate may use
};

/// What a choice makes of a table. Immutable.
struct TableProblem {
  TableSpace networks;
  std::vector<ObjectiveInfo> objectives;
  /// Per listed network and objective: the truth, and what the search sees. NaN: missing.
  std::vector<std::vector<double>> truth, seen;
  std::vector<std::vector<double>> features;  ///< per listed network; finite
  std::vector<std::string> feature_names;     ///< of their columns
  std::vector<std::string> limit_names;
  std::vector<double> limits;
  std::vector<std::vector<double>> limited;  ///< per listed network: values that limits are for
  std::vector<std::string> notices;          ///< for people: rows left out, cells filled in

  /// All objectives are there, in what the search sees and in truth.
  bool supported(int network) const;
  /// Sum of the relative excesses over the limits.
  double violation(int network) const;
};

/// Throws InputError (file, line, column) for columns that are not there or hold no numbers, and
/// where no row has all objectives. A feature that is missing in a row becomes the median of its
/// column, which a notice tells.
std::shared_ptr<const TableProblem> make_table_problem(const DataTable& table,
                                                       const TableChoice& choice);

/// Answers candidates from the table; a network without all objectives has failed. Exact objectives
/// of such a network are the largest of the column, with a violation of 1. Shares `problem`.
EvaluationSource make_table_source(std::shared_ptr<const TableProblem> problem);

/// A table file by its name: .csv, .csv.gz, .tsv, or .h5/.hdf5 with one dataset per column.
DataTable load_table(const std::string& path);

}  // namespace edgefront
