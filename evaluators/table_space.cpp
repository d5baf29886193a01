#include "evaluators/table_space.h"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "runtime/file.h"
#include "space/error.h"

namespace edgefront {
namespace {

constexpr std::size_t kMaxChoices = 255;
constexpr std::size_t kMaxDecisions = 4096;

/// The texts of one decision, per row.
struct DecisionColumn {
  std::string name;
  std::vector<std::string_view> texts;
};

std::vector<std::string_view> split(std::string_view text, const std::string& separator) {
  std::vector<std::string_view> parts;
  if (separator.empty()) {
    for (std::size_t i = 0; i < text.size(); ++i) parts.push_back(text.substr(i, 1));
    return parts;
  }
  std::size_t begin = 0;
  for (std::size_t end; (end = text.find(separator, begin)) != std::string_view::npos;) {
    parts.push_back(text.substr(begin, end - begin));
    begin = end + separator.size();
  }
  parts.push_back(text.substr(begin));
  return parts;
}

/// The decisions of "NAME[SEPARATOR]".
void add_parts(const DataTable& table, const std::string& name, const std::string& separator,
               std::vector<DecisionColumn>& out) {
  const int column = table.column(name);
  const std::size_t first = out.size();
  for (int row = 0; row < table.rows(); ++row) {
    const auto parts = split(table.cell(row, column), separator);
    if (row == 0) {
      if (parts.empty() || parts.size() > kMaxDecisions) {
        throw InputError(table.where(row) + ": column \"" + name + "\" divides into " +
                         std::to_string(parts.size()) + " decisions; accepted are 1 to 4096");
      }
      for (std::size_t i = 0; i < parts.size(); ++i) {
        out.push_back({name + "[" + std::to_string(i) + "]", {}});
      }
    }
    if (parts.size() != out.size() - first) {
      throw InputError(table.where(row) + ": column \"" + name + "\" divides into " +
                       std::to_string(parts.size()) + " decisions, in the first row into " +
                       std::to_string(out.size() - first));
    }
    for (std::size_t i = 0; i < parts.size(); ++i) out[first + i].texts.push_back(parts[i]);
  }
}

std::vector<DecisionColumn> decision_columns(const DataTable& table,
                                             const std::vector<std::string>& decisions) {
  std::vector<DecisionColumn> columns;
  for (const std::string& name : decisions) {
    const std::size_t bracket = name.find('[');
    const bool divided = bracket != std::string::npos && name.back() == ']';
    if (divided && table.find_column(name) < 0) {
      add_parts(table, name.substr(0, bracket), name.substr(bracket + 1, name.size() - bracket - 2),
                columns);
      continue;
    }
    const int column = table.column(name);
    DecisionColumn one{name, {}};
    one.texts.reserve(static_cast<std::size_t>(table.rows()));
    for (int row = 0; row < table.rows(); ++row) one.texts.push_back(table.cell(row, column));
    columns.push_back(std::move(one));
  }
  return columns;
}

/// Different texts, in numerical order where all are numbers.
std::vector<std::string> choices_of(const DataTable& table, const DecisionColumn& column) {
  std::unordered_set<std::string_view> different;
  for (const std::string_view text : column.texts) {
    different.insert(text);
    if (different.size() > kMaxChoices) {
      throw InputError(table.name + ": decision \"" + column.name +
                       "\" has more than 255 choices; where its texts are made of several "
                       "decisions, divide them: \"NAME[]\" makes one of each character, "
                       "\"NAME[,]\" one of each part between commas");
    }
  }
  std::vector<std::string> choices(different.begin(), different.end());
  std::sort(choices.begin(), choices.end());
  std::vector<std::pair<double, std::string>> numbers;
  for (const std::string& text : choices) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return choices;
    if (value != value) return choices;
    numbers.emplace_back(value, text);
  }
  std::sort(numbers.begin(), numbers.end());
  for (std::size_t i = 0; i < numbers.size(); ++i) choices[i] = numbers[i].second;
  return choices;
}

std::string digest_of(const SearchSpace& space) {
  std::string text;
  for (const Decision& decision : space.decisions) {
    text += decision.name + '\n';
    for (const std::string& choice : decision.choices) text += choice + '\n';
    text += '\n';
  }
  for (int i = 0; i < space.listed->size(); ++i) {
    const auto& choices = space.listed->at(i).choices;
    text.append(choices.begin(), choices.end());
  }
  return digest_hex(text.data(), text.size());
}

}  // namespace

TableSpace make_table_space(const DataTable& table, const std::vector<std::string>& decisions) {
  if (decisions.empty()) throw InputError(table.name + ": no column is named as a decision");
  TableSpace made;
  made.space.name = table.name;
  std::vector<Genotype> genotypes(static_cast<std::size_t>(table.rows()));
  for (const DecisionColumn& column : decision_columns(table, decisions)) {
    const std::vector<std::string> choices = choices_of(table, column);
    if (choices.size() < 2) continue;
    std::unordered_map<std::string_view, std::uint8_t> index;
    for (std::size_t i = 0; i < choices.size(); ++i) {
      index[choices[i]] = static_cast<std::uint8_t>(i);
    }
    for (std::size_t row = 0; row < genotypes.size(); ++row) {
      genotypes[row].choices.push_back(index.at(column.texts[row]));
    }
    made.space.decisions.push_back({column.name, choices});
  }
  if (made.space.decisions.empty()) {
    throw InputError(table.name + ": all rows have the same decisions; there is nothing to choose");
  }
  std::unordered_set<Genotype> seen;
  std::vector<Genotype> listed;
  for (std::size_t row = 0; row < genotypes.size(); ++row) {
    if (!seen.insert(genotypes[row]).second) {
      ++made.repeats;
      continue;
    }
    listed.push_back(std::move(genotypes[row]));
    made.rows.push_back(static_cast<int>(row));
  }
  made.space.listed = std::make_shared<const NetworkList>(std::move(listed));
  made.space.digest = digest_of(made.space);
  return made;
}

}  // namespace edgefront
