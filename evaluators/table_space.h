// The rows of a table as the networks of a search space.
#pragma once

#include <string>
#include <vector>

#include "evaluators/data_table.h"
#include "space/search_space.h"

namespace edgefront {

/// A space that lists its networks, and the rows that they stand in.
struct TableSpace {
  SearchSpace space;
  std::vector<int> rows;     ///< data row (from 0) of each listed network
  std::int64_t repeats = 0;  ///< rows left out: an earlier one has the same decisions
};

/// One decision per column named, categorical: its choices are the texts that occur, in numerical
/// order where all are numbers, else in that of their bytes. "NAME[]" makes one decision of each
/// character of a column ("22212202"), "NAME[ ]" one of each part between spaces, or whatever
/// stands between the brackets. Columns with one text are fixed and no decision. Of rows with the
/// same decisions the first counts. Throws InputError: no such column, more than 255 choices, rows
/// that divide into different numbers of decisions.
TableSpace make_table_space(const DataTable& table, const std::vector<std::string>& decisions);

}  // namespace edgefront
