#include "compiler/syntax/same.h"

#include <algorithm>

#include "compiler/syntax/fields.h"

namespace macc::syntax {

namespace {

class Comparison {
 public:
  explicit Comparison(Places places) : places_(places) {}

  template <class T>
  [[nodiscard]] bool same(const T& a, const T& b) const {
    return a == b;
  }
  [[nodiscard]] bool same(const Span& a, const Span& b) const { return places_ == Places::ignored || a == b; }
  [[nodiscard]] bool same(const FileId& a, const FileId& b) const { return places_ == Places::ignored || a == b; }

  template <ast::Part T>
  [[nodiscard]] bool same(const T& a, const T& b) const {
    return each_same(fields(a), fields(b), std::make_index_sequence<std::tuple_size_v<decltype(fields(a))>>());
  }

  template <class T>
  [[nodiscard]] bool same(const std::optional<T>& a, const std::optional<T>& b) const {
    return a.has_value() == b.has_value() && (!a || same(*a, *b));
  }

  template <class T>
  [[nodiscard]] bool same(const std::vector<T>& a, const std::vector<T>& b) const {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [this](const T& x, const T& y) { return same(x, y); });
  }

  template <class... T>
  [[nodiscard]] bool same(const std::variant<T...>& a, const std::variant<T...>& b) const {
    if (a.index() != b.index()) return false;
    return std::visit([&]<class U>(const U& x) { return same(x, std::get<U>(b)); }, a);
  }

 private:
  template <class Fields, std::size_t... i>
  [[nodiscard]] bool each_same(const Fields& a, const Fields& b, std::index_sequence<i...>) const {
    return (same(std::get<i>(a), std::get<i>(b)) && ...);
  }

  Places places_;
};

}  // namespace

bool same(const ast::File& a, const ast::File& b, Places places) { return Comparison(places).same(a, b); }

}  // namespace macc::syntax
