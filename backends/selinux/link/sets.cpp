#include "backends/selinux/link/sets.h"

#include <algorithm>

namespace macc::backends::selinux {
namespace {

// Sets of sets of sets: no policy comes near it.
constexpr std::size_t kMaxDepth = 1000;

struct Deeper {
  explicit Deeper(std::size_t& depth) : depth_(depth) { ++depth_; }
  ~Deeper() { --depth_; }
  Deeper(const Deeper&) = delete;
  Deeper& operator=(const Deeper&) = delete;

 private:
  std::size_t& depth_;
};

template <typename Combine>
void combine(std::vector<bool>& members, const std::vector<bool>& other, Combine how) {
  for (std::size_t i = 0; i < members.size(); ++i) members[i] = how(members[i], other[i]);
}

}  // namespace

void SetTable::declare_member(std::string_view name) {
  if (numbers_.emplace(name, names_.size()).second) names_.push_back(name);
}

std::vector<std::string> SetTable::names_in(std::string_view set) {
  const Members members = value(set);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i]) names.emplace_back(names_[i]);
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool SetTable::holds_any(std::string_view name) {
  const Members members = value(name);
  return std::find(members.begin(), members.end(), true) != members.end();
}

SetTable::Members SetTable::value(std::string_view name) {
  if (const auto known = values_.find(name); known != values_.end()) return known->second;
  Members members(names_.size());
  if (depth_ == kMaxDepth) return members;
  const Deeper deeper(depth_);
  if (const auto alias = aliases_.find(name); alias != aliases_.end()) return value(alias->second);
  if (const auto number = numbers_.find(name); number != numbers_.end()) {
    members[number->second] = true;
    return members;
  }
  const auto definition = definitions_.find(name);
  if (definition == definitions_.end()) return members;
  values_.emplace(name, members);  // a circle is an error that libsepol reports; here it ends
  for (const CilExpression& expression : definition->second)
    combine(members, evaluate(expression), [](bool a, bool b) { return a || b; });
  values_.insert_or_assign(name, members);
  return members;
}

void SetTable::add_all(const CilExpression& list, std::size_t begin, Members& members) {
  for (std::size_t i = begin; i < list.items.size(); ++i) {
    const CilExpression& item = list.items[i];
    if (item.is_list() || definitions_.contains(item.atom) || aliases_.contains(item.atom)) {
      combine(members, evaluate(item), [](bool a, bool b) { return a || b; });
    } else if (const auto number = numbers_.find(item.atom); number != numbers_.end()) {
      members[number->second] = true;
    }
  }
}

SetTable::Members SetTable::evaluate(const CilExpression& expression) {
  if (!expression.is_list()) return value(expression.atom);
  const std::string_view head = expression.head();
  const auto operand = [&](std::size_t index) {
    return index < expression.items.size() ? evaluate(expression.items[index]) : Members(names_.size());
  };
  Members members(names_.size());
  if (head == "all") {
    members.flip();
  } else if (head == "not") {
    members = operand(1);
    members.flip();
  } else if (head == "and") {
    members = operand(1);
    combine(members, operand(2), [](bool a, bool b) { return a && b; });
  } else if (head == "xor") {
    members = operand(1);
    combine(members, operand(2), [](bool a, bool b) { return a != b; });
  } else {
    add_all(expression, head == "or" ? 1 : 0, members);
  }
  return members;
}

}  // namespace macc::backends::selinux
