#include "tests/support/apparmor_blob.h"

#include <map>
#include <stdexcept>

namespace macc::test {

namespace {

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (unsigned char c : bytes) value = value << 8 | c;
  return value;
}

std::string_view part(std::string_view data, std::size_t at, std::size_t length) {
  if (at > data.size() || length > data.size() - at) throw std::runtime_error("compiled policy is cut short");
  return data.substr(at, length);
}

/// One element of the container: a number, a text, bytes, or a list of elements.
struct Element {
  enum Tag : unsigned {
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
  unsigned tag = 0;
  std::string label;
  std::uint64_t number = 0;
  std::string_view data;
  std::vector<Element> children;

  [[nodiscard]] const Element* child(std::string_view wanted) const {
    for (const Element& c : children) {
      if (c.label == wanted) return &c;
    }
    return nullptr;
  }
};

class Reader {
 public:
  explicit Reader(std::string_view data) : data_(data) {}
  [[nodiscard]] bool at_end() const { return at_ == data_.size(); }

  Element element() {
    Element out;
    out.tag = byte();
    if (out.tag == Element::name) {
      out.label = text();
      out.tag = byte();
    }
    read_body(out);
    return out;
  }

 private:
  unsigned byte() { return static_cast<unsigned char>(take(1)[0]); }
  std::string_view take(std::size_t length) {
    const std::string_view out = part(data_, at_, length);
    at_ += length;
    return out;
  }
  std::uint64_t number(std::size_t length) {
    const std::string_view raw = take(length);
    std::uint64_t value = 0;
    for (std::size_t i = length; i-- > 0;) value = value << 8 | static_cast<unsigned char>(raw[i]);
    return value;
  }
  std::string text() {
    std::string out(take(number(2)));
    if (!out.empty() && out.back() == '\0') out.pop_back();
    return out;
  }
  void children_until(Element& out, unsigned end) {
    while (static_cast<unsigned char>(part(data_, at_, 1)[0]) != end) out.children.push_back(element());
    ++at_;
  }
  void read_body(Element& out) {
    switch (out.tag) {
      case Element::u8:
      case Element::u16:
      case Element::u32:
      case Element::u64:
        out.number = number(std::size_t{1} << out.tag);
        return;
      case Element::text:
        out.data = take(number(2));
        if (!out.data.empty() && out.data.back() == '\0') out.data.remove_suffix(1);
        return;
      case Element::bytes:
        out.data = take(number(4));
        return;
      case Element::structure:
        return children_until(out, Element::structure_end);
      case Element::list:
        return children_until(out, Element::list_end);
      case Element::array:
        take(2);
        return children_until(out, Element::array_end);
      default:
        throw std::runtime_error("unknown tag in compiled policy");
    }
  }

  std::string_view data_;
  std::size_t at_ = 0;
};

constexpr std::uint32_t kMagic = 0x1B5E783D;
constexpr unsigned kAccept = 1, kBase = 2, kCheck = 3, kDefault = 4, kClasses = 5, kAccept2 = 7, kNext = 8;

using Tables = std::map<unsigned, std::vector<std::uint32_t>>;

Tables read_tables(std::string_view data) {
  std::size_t head = 0;
  while (big_endian(part(data, head, 4)) != kMagic) ++head;
  data.remove_prefix(head);
  Tables out;
  std::size_t at = big_endian(part(data, 4, 4));
  while (at + 12 <= data.size()) {
    const auto id = static_cast<unsigned>(big_endian(part(data, at, 2)));
    const std::size_t width = big_endian(part(data, at + 2, 2));
    const std::size_t count = big_endian(part(data, at + 8, 4));
    at += 12;
    for (std::size_t i = 0; i < count; ++i) {
      out[id].push_back(static_cast<std::uint32_t>(big_endian(part(data, at + i * width, width))));
    }
    at = (at + count * width + 7) & ~std::size_t{7};
  }
  return out;
}

CompiledProfile read_profile(const Element& in) {
  CompiledProfile out;
  bool flags_seen = false;
  int words = 0;
  for (const Element& e : in.children) {
    if (out.name.empty() && e.tag == Element::text) {
      out.name = e.data;
    } else if (e.label == "aadfa") {
      (flags_seen ? out.files : out.attachment).emplace(e.data);
    } else if (e.label == "flags") {
      flags_seen = true;
      out.complain = e.children.at(1).number == 1;
    } else if (e.label == "policydb") {
      if (const Element* dfa = e.child("aadfa")) out.others.emplace(dfa->data);
    } else if (e.label == "caps64") {
      out.capabilities |= e.children.at(0).number << 32;
      out.audited_capabilities |= e.children.at(1).number << 32;
      out.quiet_capabilities |= e.children.at(2).number << 32;
    } else if (e.label == "xtable") {
      for (const Element& name : e.children.at(0).children) out.transitions.emplace_back(name.data);
    } else if (e.tag == Element::u32 && e.label.empty() && flags_seen) {
      if (words == 0) out.capabilities |= e.number;
      if (words == 1) out.audited_capabilities |= e.number;
      if (words == 2) out.quiet_capabilities |= e.number;
      ++words;
    }
  }
  return out;
}

}  // namespace

Automaton::Automaton(std::string_view data) {
  Tables tables = read_tables(data);
  accept_ = tables[kAccept];
  accept2_ = tables[kAccept2];
  base_ = tables[kBase];
  default_ = tables[kDefault];
  next_ = tables[kNext];
  check_ = tables[kCheck];
  class_ = tables[kClasses];
  if (base_.empty() || default_.size() != base_.size()) throw std::runtime_error("automaton without its tables");
}

std::uint32_t Automaton::step(std::uint32_t state, unsigned char byte) const {
  constexpr std::uint32_t kDifference = 0x80000000, kOffset = 0xffffff;
  const std::uint32_t symbol = class_.empty() ? byte : class_.at(byte);
  for (;;) {
    const std::uint32_t base = base_.at(state);
    const std::uint32_t at = (base & kOffset) + symbol;
    if (at < check_.size() && check_[at] == state) return next_.at(at);
    if ((base & kDifference) == 0) return default_.at(state);
    state = default_.at(state);
  }
}

std::uint32_t Automaton::run(std::string_view bytes, std::uint32_t state) const {
  for (unsigned char c : bytes) {
    if (state == 0) return 0;
    state = step(state, c);
  }
  return state;
}

constexpr unsigned kHalf = 14;
constexpr std::uint32_t kHalfMask = (1U << kHalf) - 1;

std::uint32_t CompiledProfile::file(std::string_view path, bool owned) const {
  if (!files) return 0;
  const std::uint32_t bits = files->accept(files->run(path));
  return (owned ? bits : bits >> kHalf) & kHalfMask;
}

std::uint32_t CompiledProfile::file_audit(std::string_view path) const {
  return files ? files->accept2(files->run(path)) : 0;
}

std::string CompiledProfile::exec(std::string_view path) const { return exec_of(file(path)); }

std::string CompiledProfile::exec_of(std::uint32_t bits) const {
  if ((bits & kExec) == 0) return "";
  const std::uint32_t mode = bits >> 10 & 0xf;
  std::string out = mode == 0 ? "ix" : mode == 1 ? "ux" : mode == 2 ? "px" : mode == 3 ? "cx" : "";
  if (mode >= 4) out = "-> " + transitions.at(mode - 4);
  if ((bits & kUnsafe) != 0) out += " unsafe";
  return out;
}

bool CompiledProfile::link(std::string_view link_name, std::string_view target) const {
  if (!files) return false;
  const std::uint32_t after_name = files->step(files->run(link_name), 0);
  return (files->accept(files->run(target, after_name)) & kLink) != 0;
}

bool CompiledProfile::attaches(std::string_view path) const {
  if (!attachment) return name == path;
  return attachment->accept(attachment->run(path)) != 0;
}

std::uint32_t CompiledProfile::policy(std::string_view key) const {
  return others ? others->accept(others->run(key)) : 0;
}

bool CompiledProfile::network(int family, int type) const {
  const char key[] = {14, static_cast<char>(family >> 8), static_cast<char>(family), static_cast<char>(type >> 8),
                      static_cast<char>(type)};
  return policy({key, sizeof key}) != 0;
}

bool CompiledProfile::sends(int signal, std::string_view peer) const {
  return (policy(std::string{10, static_cast<char>(signal)}.append(peer)) & 2) != 0;
}

bool CompiledProfile::receives(int signal, std::string_view peer) const {
  return (policy(std::string{10, static_cast<char>(signal)}.append(peer)) & 4) != 0;
}

std::uint32_t CompiledProfile::ptrace(std::string_view peer) const {
  return policy(std::string(1, 9).append(peer)) & 0x1e;
}

bool CompiledProfile::mediates(int policy_class) const {
  return others && others->step(1, static_cast<unsigned char>(policy_class)) != 0;
}

bool CompiledProfile::may_change_to(std::string_view profile) const {
  constexpr std::uint32_t kChangeProfile = 0x80000000;
  return files && (files->accept(files->run(profile)) & kChangeProfile) != 0;
}

std::vector<CompiledProfile> read_compiled_policy(std::string_view bytes) {
  std::vector<CompiledProfile> out;
  Reader reader(bytes);
  while (!reader.at_end()) {
    const Element e = reader.element();
    if (e.label == "profile") out.push_back(read_profile(e));
  }
  return out;
}

}  // namespace macc::test
