#include "backends/apparmor/blob.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "compiler/base/diagnostic.h"

namespace macc::backends::apparmor {

namespace {

/// Thrown inside this file alone.
struct Malformed {
  std::string why;
};

std::string_view part(std::string_view data, std::size_t at, std::size_t length) {
  if (at > data.size() || length > data.size() - at) throw Malformed{"it is cut short"};
  return data.substr(at, length);
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (unsigned char c : bytes) value = value << 8 | c;
  return value;
}

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

std::string_view without_end(std::string_view text) {
  if (text.ends_with('\0')) text.remove_suffix(1);
  return text;
}

// ---- the container ----

/// One element: a number, a text, bytes, or a list of elements.
struct Element {
  enum Tag : std::uint8_t {
    u8,
    u16,
    u32,
    u64,
    name,
    text,
    bytes,
    structure,
    structure_end,
    list,
    list_end,
    array,
    array_end
  };
  std::uint8_t tag = 0;
  std::string_view label;
  std::uint64_t number = 0;
  std::string_view data;
  std::vector<Element> children;

  [[nodiscard]] bool is_number() const { return tag <= u64; }
  [[nodiscard]] const Element* child(std::string_view wanted) const {
    const auto it = std::find_if(children.begin(), children.end(), [&](const Element& c) { return c.label == wanted; });
    return it == children.end() ? nullptr : &*it;
  }
  [[nodiscard]] std::uint64_t number_at(std::size_t index) const {
    if (index >= children.size() || !children[index].is_number()) throw Malformed{"a number is missing"};
    return children[index].number;
  }
};

class Container {
 public:
  explicit Container(std::string_view data) : data_(data) {}
  [[nodiscard]] bool at_end() const { return at_ == data_.size(); }

  Element element(unsigned depth = 0) {
    if (depth > kDeepest) throw Malformed{"it is nested too deeply"};
    if (++elements_ > kMostElements) throw Malformed{"it has too many parts"};
    Element out;
    out.tag = byte();
    if (out.tag == Element::name) {
      out.label = without_end(take(number(2)));
      out.tag = byte();
    }
    read_body(out, depth);
    return out;
  }

 private:
  static constexpr unsigned kDeepest = 16;
  static constexpr std::size_t kMostElements = 1'000'000;

  std::uint8_t byte() { return static_cast<std::uint8_t>(take(1)[0]); }
  std::string_view take(std::size_t length) {
    const std::string_view out = part(data_, at_, length);
    at_ += length;
    return out;
  }
  std::uint64_t number(std::size_t length) { return little_endian(take(length)); }

  void children_until(Element& out, std::uint8_t end, unsigned depth) {
    while (static_cast<std::uint8_t>(part(data_, at_, 1)[0]) != end) out.children.push_back(element(depth + 1));
    ++at_;
  }

  void read_body(Element& out, unsigned depth) {
    switch (out.tag) {
      case Element::u8:
      case Element::u16:
      case Element::u32:
      case Element::u64:
        out.number = number(std::size_t{1} << out.tag);
        return;
      case Element::text:
        out.data = without_end(take(number(2)));
        return;
      case Element::bytes:
        out.data = take(number(4));
        return;
      case Element::structure:
        return children_until(out, Element::structure_end, depth);
      case Element::list:
        return children_until(out, Element::list_end, depth);
      case Element::array:
        take(2);
        return children_until(out, Element::array_end, depth);
      default:
        throw Malformed{fmt::format("byte {} holds no known mark", at_ - 1)};
    }
  }

  std::string_view data_;
  std::size_t at_ = 0;
  std::size_t elements_ = 0;
};

// ---- automata ----

constexpr std::uint32_t kMagic = 0x1B5E783D;
enum Table : unsigned { kAccept = 1, kBase, kCheck, kDefault, kClasses, kAccept2 = 7, kNext };
constexpr std::uint32_t kDifference = 0x80000000, kOffset = 0xffffff;

using Tables = std::map<unsigned, std::vector<std::uint32_t>>;

std::vector<std::uint32_t> read_table(std::string_view data, std::size_t at, std::size_t width, std::size_t count) {
  if (width != 1 && width != 2 && width != 4) throw Malformed{"a table has an unknown width"};
  if (count > data.size()) throw Malformed{"a table is cut short"};
  const std::string_view raw = part(data, at, width * count);
  std::vector<std::uint32_t> out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::uint32_t>(big_endian(raw.substr(i * width, width)));
  return out;
}

Tables read_tables(std::string_view data) {
  std::size_t head = 0;  // padding stands before the magic number
  while (big_endian(part(data, head, 4)) != kMagic) ++head;
  data.remove_prefix(head);
  Tables out;
  std::size_t at = big_endian(part(data, 4, 4));
  while (at < data.size() && data.size() - at >= 12) {
    const auto id = static_cast<unsigned>(big_endian(part(data, at, 2)));
    const std::size_t width = big_endian(part(data, at + 2, 2));
    const std::size_t count = big_endian(part(data, at + 8, 4));
    if (out.contains(id)) throw Malformed{"a table stands there twice"};
    out[id] = read_table(data, at + 12, width, count);
    at = (at + 12 + count * width + 7) & ~std::size_t{7};
  }
  return out;
}

}  // namespace

std::string CompiledAutomaton::check() const {
  const std::size_t states = base_.size();
  if (states < 2 || default_.size() != states || accept_.size() != states || accept2_.size() != states)
    return "its tables differ in length";
  if (next_.size() != check_.size() || classes_.size() != 256) return "a table is missing or has another length";
  const auto beyond = [&](std::uint32_t state) { return state >= states; };
  if (std::any_of(default_.begin(), default_.end(), beyond) || std::any_of(next_.begin(), next_.end(), beyond))
    return "it leads to states that are not there";
  if (!is_trap(dead)) return "its dead state leads on";
  // A state that says only how it differs from another one asks that one: no circle of those may exist.
  std::vector<std::uint32_t> seen(states, 0);
  for (State s = 0; s < states; ++s) {
    for (State at = s; (base_[at] & kDifference) != 0 && seen[at] != ~0U; at = default_[at]) {
      if (seen[at] == s + 1) return "its states ask each other in a circle";
      seen[at] = s + 1;
    }
    for (State at = s; (base_[at] & kDifference) != 0 && seen[at] != ~0U; at = default_[at]) seen[at] = ~0U;
  }
  return "";
}

bool CompiledAutomaton::is_trap(State state) const {
  if ((base_[state] & kDifference) != 0 || accept_[state] != 0 || accept2_[state] != 0) return false;
  for (unsigned byte = 0; byte < 256; ++byte) {
    if (step(state, static_cast<unsigned char>(byte)) != state) return false;
  }
  return true;
}

std::optional<CompiledAutomaton> CompiledAutomaton::read(std::string_view data, std::string& error) {
  CompiledAutomaton out;
  try {
    Tables tables = read_tables(data);
    out.accept_ = std::move(tables[kAccept]);
    out.accept2_ = std::move(tables[kAccept2]);
    out.base_ = std::move(tables[kBase]);
    out.default_ = std::move(tables[kDefault]);
    out.next_ = std::move(tables[kNext]);
    out.check_ = std::move(tables[kCheck]);
    out.classes_ = std::move(tables[kClasses]);
  } catch (const Malformed& m) {
    error = m.why;
    return std::nullopt;
  }
  if (out.accept2_.empty()) out.accept2_.resize(out.accept_.size());
  if (out.classes_.empty()) {
    for (std::uint32_t byte = 0; byte < 256; ++byte) out.classes_.push_back(byte);
  }
  error = out.check();
  if (!error.empty()) return std::nullopt;
  return out;
}

CompiledAutomaton::State CompiledAutomaton::step(State state, unsigned char byte) const {
  const std::uint32_t symbol = classes_[byte];
  for (;;) {
    const std::size_t at = std::size_t{base_[state] & kOffset} + symbol;
    if (at < check_.size() && check_[at] == state) return next_[at];
    if ((base_[state] & kDifference) == 0) return default_[state];
    state = default_[state];
  }
}

bool CompiledAutomaton::accepts_any(std::uint32_t bits) const {
  return std::any_of(accept_.begin(), accept_.end(), [&](std::uint32_t accept) { return (accept & bits) != 0; });
}

CompiledAutomaton::State CompiledAutomaton::run(std::string_view bytes, State from) const {
  State state = from;
  for (char c : bytes) state = step(state, static_cast<unsigned char>(c));
  return state;
}

void CompiledAutomaton::complain() {
  constexpr std::uint32_t kQuietable = 0x1fc07f;  // the bits of which there is a quiet one, seven places up
  for (State state = 0; state < accept_.size(); ++state) {
    const std::uint32_t happens = kQuietable & ~(accept2_[state] >> 7);
    for (const unsigned half : {0U, kHalfBits}) {
      const bool runs_anyway = (accept_[state] >> half & kExec) == 0 && (happens >> half & kExec) != 0;
      if (runs_anyway) accept_[state] |= (kInherit | kKeepEnvironment) << half;
    }
    accept_[state] |= happens | kChangeProfile | kChangeOnExec;
  }
}

CompiledAutomaton CompiledAutomaton::complaining() {
  CompiledAutomaton out;
  for (auto* table : {&out.accept_, &out.accept2_, &out.base_}) table->assign(2, 0);
  out.default_ = {dead, start};
  for (std::uint32_t byte = 0; byte < 256; ++byte) out.classes_.push_back(byte);
  out.complain();
  return out;
}

CompiledProfile as_it_happens(CompiledProfile profile) {
  if (!profile.complains()) return profile;
  if (!profile.files) profile.files = CompiledAutomaton::complaining();
  profile.files->complain();
  if (profile.classes) profile.classes->complain();
  profile.capabilities.allowed |= ~profile.capabilities.quiet;
  return profile;
}

// ---- profiles ----

namespace {

/// A row of the newer permission table, in the kernel's own bits (security/apparmor/include/perms.h).
struct PermissionRow {
  std::uint32_t allow = 0, audit = 0, quiet = 0, exec = 0;
};

using BitPair = std::pair<std::uint32_t, std::uint32_t>;

constexpr std::size_t kRowLength = 14;  // numbers: reserved, allow, deny, subtree, cond, kill, complain, prompt, audit,
                                        // quiet, hide, xindex, tag, label

std::vector<PermissionRow> read_rows(const Element& table) {
  if (table.children.empty() || table.children.front().number != 1)
    throw Malformed{"its permission table has a version that is not documented"};
  const auto list = std::find_if(table.children.begin(), table.children.end(),
                                 [](const Element& e) { return e.tag == Element::array; });
  if (list == table.children.end() || list->children.size() % kRowLength != 0)
    throw Malformed{"its permission table has an unknown form"};
  std::vector<PermissionRow> out;
  for (std::size_t i = 0; i < list->children.size(); i += kRowLength) {
    const auto word = [&](std::size_t at) { return static_cast<std::uint32_t>(list->number_at(i + at)); };
    out.push_back({word(1), word(8), word(9), word(11)});
  }
  return out;
}

/// Permission bits of the newer layout and what they are in the older one: of files, of a profile's name among them,
/// and of what is no file (the lowest seven are the same).
constexpr BitPair kFileBits[] = {{0x1, kExec},    {0x2, kWrite},   {0x4, kRead},    {0x8, kAppend},
                                 {0x8000, kLock}, {0x10000, kMap}, {0x40000, kLink}};
constexpr BitPair kNameBits[] = {{0x40000000, kChangeProfile}, {0x20000000, kChangeOnExec}};
constexpr BitPair kClassBits[] = {{0x100, 1U << 14},    {0x200, 1U << 15},    {0x100000, 1U << 16},
                                  {0x200000, 1U << 17}, {0x400000, 1U << 18}, {0x1000000, 1U << 19},
                                  {0x2000000, 1U << 20}};

std::uint32_t older_bits(std::span<const BitPair> table, std::uint32_t newer) {
  std::uint32_t out = 0;
  for (const auto& [bit, older] : table) out |= (newer & bit) != 0 ? older : 0;
  return out;
}

std::uint32_t older_exec(std::uint32_t index) {
  constexpr std::uint32_t kNamed = 0x04000000, kInTable = 0x08000000, kUnsafe = 0x10000000, kChild = 0x20000000,
                          kFallInherit = 0x40000000, kFallUnconfined = 0x80000000;
  std::uint32_t out = (index & kUnsafe) != 0 ? kKeepEnvironment : 0U;
  const bool table = (index & kInTable) != 0, named = (index & kNamed) != 0;
  if ((index & kFallInherit) != 0) out |= kInherit;
  if ((index & kFallUnconfined) != 0) out |= table || named ? kUnconfinedFallback : 1U << kExecIndexShift;
  if (table) {
    const std::uint32_t at = (index & 0xffffff) + 4;
    if (at > 15) throw Malformed{"it has more targets of programs than macc can tell apart"};
    out |= at << kExecIndexShift;
  }
  if (named) out |= ((index & kChild) != 0 ? 3U : 2U) << kExecIndexShift;
  return out;
}

}  // namespace

class PolicyReader {
 public:
  explicit PolicyReader(std::string_view bytes) : container_(bytes) {}

  CompiledPolicy run() {
    CompiledPolicy out;
    std::string space;
    std::uint32_t version = 0;
    try {
      while (!container_.at_end()) {
        const Element e = container_.element();
        if (e.label == "version") {
          version = static_cast<std::uint32_t>(e.number);
        } else if (e.label == "namespace") {
          space = e.data;
        } else if (e.label == "profile") {
          out.profiles.push_back(profile(e));
          out.profiles.back().version = version & kVersionMask;
          out.profiles.back().policy_namespace = space;
          if ((version & kForceComplain) != 0) out.profiles.back().mode = kComplain;
        } else {
          throw Malformed{fmt::format("`{}` is no part of a policy", printable(e.label, 40))};
        }
      }
      if (out.profiles.empty()) throw Malformed{"there is no profile in it"};
    } catch (const Malformed& m) {
      return {{}, m.why};
    }
    return out;
  }

 private:
  // The version's word: besides the number, that of the parser's language and whether all is loaded to complain only.
  static constexpr std::uint32_t kVersionMask = 0x3ff, kForceComplain = 0x800;
  static constexpr std::uint64_t kComplain = 1;

  static CompiledAutomaton automaton(const Element& e) {
    std::string error;
    auto out = CompiledAutomaton::read(e.data, error);
    if (!out) throw Malformed{"an automaton is malformed: " + error};
    return std::move(*out);
  }

  /// A profile is a row of elements, some without a label: what they are follows from what stood before.
  CompiledProfile profile(const Element& in) {
    CompiledProfile out;
    table_ = nullptr;
    std::vector<std::uint64_t> words;  // allowed, audited, quiet and inherited capabilities
    bool flags = false;
    for (const Element& e : in.children) {
      if (e.tag == Element::text && e.label.empty() && out.name.empty()) {
        out.name = e.data;
      } else if (e.label == "flags") {
        flags = true;
        out.hat = e.number_at(0) != 0;
        out.mode = e.number_at(1);
        out.audits_all = e.number_at(2) != 0;
      } else if (e.is_number() && e.label.empty() && flags) {
        words.push_back(e.number);
      } else {
        field(out, e, flags);
      }
    }
    if (out.name.empty()) throw Malformed{"a profile has no name"};
    words.resize(std::max<std::size_t>(words.size(), 3));
    out.capabilities.allowed |= words[0];
    out.capabilities.audited |= words[1];
    out.capabilities.quiet |= words[2];
    return out;
  }

  void field(CompiledProfile& out, const Element& e, bool behind_flags) {
    if (e.label == "aadfa") {
      auto& here = behind_flags ? out.files : out.attachment;
      here.emplace(automaton(e));
      use_table(out, *here, std::exchange(table_, nullptr), behind_flags ? of_files : of_attachment);
    } else if (e.label == "policydb") {
      if (const Element* dfa = e.child("aadfa")) {
        out.classes.emplace(automaton(*dfa));
        use_table(out, *out.classes, e.child("perms"), of_classes);
      }
      if (const Element* start = e.child("start")) check_start(*start);
    } else if (e.label == "caps64") {
      out.capabilities.allowed |= e.number_at(0) << 32;
      out.capabilities.audited |= e.number_at(1) << 32;
      out.capabilities.quiet |= e.number_at(2) << 32;
    } else if (e.label == "xtable") {
      if (!e.children.empty()) {
        for (const Element& name : e.children.front().children) out.exec_targets.emplace_back(name.data);
      }
    } else if (e.label == "perms") {
      table_ = &e;  // of the automaton that follows
    } else if (e.label == "start" || e.label == "dfa_start") {
      check_start(e);
    } else if (e.label == "path_flags") {
      out.path_flags = e.number;
    } else if (e.label == "rlimits") {
      out.limits = e.children.empty() || e.number_at(0) != 0;
    } else if (e.label == "xattrs") {
      out.attributes = true;
    } else if (!is_silent(e.label)) {
      out.notices.push_back(fmt::format("a part `{}` that macc does not know", printable(e.label, 40)));
    }
  }

  /// Parts that decide nothing about accesses.
  static bool is_silent(std::string_view label) {
    return label.empty() || label == "rename" || label == "attach" || label == "xmatch_len" || label == "data" ||
           label == "learning_cache_size";
  }

  /// Another start would make every answer one about other names.
  static void check_start(const Element& e) {
    if (e.number != CompiledAutomaton::start) throw Malformed{"an automaton starts in another state than the first"};
  }

  enum Use : std::uint8_t { of_attachment, of_files, of_classes };

  /// Puts the permissions of a table, where there is one, into the automaton in the older layout.
  static void use_table(CompiledProfile& out, CompiledAutomaton& automaton, const Element* table, Use use) {
    if (table == nullptr) return;
    const auto rows = read_rows(*table);
    for (std::size_t s = 0; s < automaton.size(); ++s) {
      constexpr std::uint32_t kOwnerFlag = 1;  // the next row is for files of others
      const std::size_t own = automaton.accept_[s];
      const std::size_t others = own + (use == of_files && (automaton.accept2_[s] & kOwnerFlag) != 0 ? 1 : 0);
      if (others >= rows.size()) throw Malformed{"a state has permissions that are not in the table"};
      const bool files = use == of_files;
      automaton.accept_[s] = files ? file_word(rows[own], rows[others]) : other_word(rows[own]);
      automaton.accept2_[s] =
          files ? log_half(rows[own]) | log_half(rows[others]) << (2 * kLogBits) : log_word(rows[own]);
    }
    if (automaton.accept_[CompiledAutomaton::dead] != 0) throw Malformed{"its dead state has permissions"};
    out.notices.emplace_back("permissions in a table of their own, as documented; macc has seen no such file yet");
  }

  static std::uint32_t half(const PermissionRow& row) {
    const std::uint32_t bits = older_bits(kFileBits, row.allow);
    return (bits & kExec) != 0 ? bits | older_exec(row.exec) : bits;
  }
  static std::uint32_t file_word(const PermissionRow& own, const PermissionRow& others) {
    return half(own) | half(others) << kHalfBits | older_bits(kNameBits, own.allow | others.allow);
  }
  static std::uint32_t other_word(const PermissionRow& row) { return class_bits(row.allow); }
  static std::uint32_t class_bits(std::uint32_t newer) { return (newer & 0x7f) | older_bits(kClassBits, newer); }
  static std::uint32_t log_word(const PermissionRow& row) {
    return class_bits(row.audit) | class_bits(row.quiet) << kLogBits;
  }
  // What is logged when it is allowed, and what is not when it is refused.
  static std::uint32_t log_half(const PermissionRow& row) {
    return older_bits(kFileBits, row.audit) | older_bits(kFileBits, row.quiet) << kLogBits;
  }
  static constexpr unsigned kLogBits = 7;

  Container container_;
  const Element* table_ = nullptr;  // of permissions, until its automaton comes
};

CompiledPolicy read_policy(std::string_view bytes) { return PolicyReader(bytes).run(); }

bool CompiledProfile::mediates(unsigned char policy_class) const {
  return classes && classes->step(CompiledAutomaton::start, policy_class) != CompiledAutomaton::dead;
}

}  // namespace macc::backends::apparmor
