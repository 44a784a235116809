#include "compiler/syntax/archive.h"

#include <algorithm>
#include <type_traits>

#include "compiler/syntax/fields.h"

namespace macc::syntax {

namespace {

// Numbers are written in groups of seven bits, the lowest first; the top bit says that another one follows.
constexpr unsigned kGroupBits = 7;
constexpr std::uint64_t kGroup = (1U << kGroupBits) - 1;
constexpr std::uint8_t kMore = 1U << kGroupBits;

/// Deeper than the parser nests: a statement takes three levels of a tree, a condition two.
constexpr std::size_t kMaxDepth = 2048;

/// Of a list whose length is only claimed.
constexpr std::uint64_t kMostReserved = 128;

class Writer {
 public:
  void write(const std::string& text) {
    write(std::uint64_t{text.size()});
    out_ += text;
  }
  void write(bool value) { write(std::uint64_t{value}); }
  void write(std::uint64_t value) {
    for (; value > kGroup; value >>= kGroupBits) out_ += static_cast<char>((value & kGroup) | kMore);
    out_ += static_cast<char>(value);
  }
  template <class T>
  requires std::is_enum_v<T>
  void write(T value) { write(static_cast<std::uint64_t>(value)); }
  void write(FileId) {}  // whoever reads the tree has a number of his own for it

  /// Parts follow each other closely, so the distance from the last one is a small number. 0 is no span.
  void write(const Span& span) {
    if (!span.valid()) return write(std::uint64_t{0});
    const bool back = span.begin < last_;
    const std::uint64_t distance = back ? last_ - span.begin : span.begin - last_;
    write(1 + (distance << 1U | std::uint64_t{back}));
    write(std::uint64_t{span.end} - span.begin);
    last_ = span.begin;
  }

  template <ast::Part T>
  void write(const T& part) {
    std::apply([this](const auto&... field) { (write(field), ...); }, fields(part));
  }
  template <class T>
  void write(const std::optional<T>& value) {
    write(value.has_value());
    if (value) write(*value);
  }
  template <class T>
  void write(const std::vector<T>& list) {
    write_list(list);
  }
  void write(const std::set<std::string>& list) { write_list(list); }
  template <class... T>
  void write(const std::variant<T...>& value) {
    write(std::uint64_t{value.index()});
    std::visit([this](const auto& v) { write(v); }, value);
  }

  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  template <class List>
  void write_list(const List& list) {
    write(std::uint64_t{list.size()});
    for (const auto& item : list) write(item);
  }

  std::string out_;
  std::uint32_t last_ = 0;  // where the last span began
};

/// After something that cannot be, all that is read is zero and empty.
class Reader {
 public:
  Reader(std::string_view bytes, FileId file, std::size_t text_size)
      : rest_(bytes), file_(file), text_size_(text_size) {}

  void read(std::string& text) {
    const std::uint64_t size = number();
    if (size > rest_.size()) return fail();
    text = rest_.substr(0, size);
    rest_.remove_prefix(size);
  }
  void read(bool& value) { value = number() != 0; }
  void read(std::uint64_t& value) { value = number(); }
  template <class T>
  requires std::is_enum_v<T>
  void read(T& value) { value = static_cast<T>(number()); }
  void read(FileId& id) { id = file_; }

  void read(Span& span) {
    const std::uint64_t code = number();
    if (code == 0) return;
    const std::uint64_t distance = (code - 1) >> 1U;
    const bool back = ((code - 1) & 1U) != 0;
    if (distance > (back ? last_ : text_size_ - last_)) return fail();
    const std::uint64_t begin = back ? last_ - distance : last_ + distance;
    const std::uint64_t length = number();
    if (length > text_size_ - begin) return fail();
    span = {file_, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(begin + length)};
    last_ = begin;
  }

  template <ast::Part T>
  void read(T& part) {
    if (++depth_ > kMaxDepth) fail();
    std::apply([this](auto&... field) { (read(field), ...); }, fields(part));
    --depth_;
  }
  template <class T>
  void read(std::optional<T>& value) {
    if (number() != 0) read(value.emplace());
  }
  template <class T>
  void read(std::vector<T>& list) {
    const std::uint64_t count = size();
    list.reserve(std::min(count, kMostReserved));
    for (std::uint64_t i = 0; i < count && !failed_; ++i) read(list.emplace_back());
  }
  void read(std::set<std::string>& list) {
    std::string item;
    for (std::uint64_t i = size(); i > 0 && !failed_; --i) {
      read(item);
      list.insert(item);
    }
  }
  template <class... T>
  void read(std::variant<T...>& value) {
    const std::uint64_t index = number();
    if (index >= sizeof...(T)) return fail();
    std::uint64_t i = 0;
    ((i++ == index ? read(value.template emplace<T>()) : void()), ...);
  }

  /// Everything was read, and there was nothing else.
  [[nodiscard]] bool whole() const { return !failed_ && rest_.empty(); }

 private:
  void fail() {
    failed_ = true;
    rest_ = {};
  }

  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += kGroupBits) {
      const auto byte = static_cast<std::uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      value |= (byte & kGroup) << shift;
      if ((byte & kMore) == 0) return value;
    }
    fail();
    return 0;
  }

  /// The size of a list, each item of which takes a byte at least.
  std::uint64_t size() {
    const std::uint64_t count = number();
    if (count <= rest_.size()) return count;
    fail();
    return 0;
  }

  std::string_view rest_;
  FileId file_;
  std::uint64_t text_size_;
  std::uint64_t last_ = 0;
  std::size_t depth_ = 0;
  bool failed_ = false;
};

}  // namespace

std::string write_archive(const ast::File& tree) {
  Writer writer;
  writer.write(tree);
  return writer.take();
}

std::optional<ast::File> read_archive(std::string_view bytes, FileId file, std::size_t text_size) {
  Reader reader(bytes, file, text_size);
  ast::File tree;
  reader.read(tree);
  if (!reader.whole()) return std::nullopt;
  return tree;
}

}  // namespace macc::syntax
