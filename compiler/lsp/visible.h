// The names that can be written at a place, as far as completion offers them.
#pragma once

#include <string>
#include <vector>

#include "compiler/lsp/snapshot.h"

namespace macc::lsp {

struct VisibleName {
  enum class Kind : std::uint8_t { let, boolean, resource, domain, ports, abstraction, parameter } kind = Kind::let;
  std::string word;    ///< as it is written there: `config`, `tls.trust_store`
  std::string detail;  ///< what it is
  std::string doc;
  std::string module;  ///< in which it is declared
};

class Visible {
 public:
  /// `owner` is the domain or abstraction around the place, "" at module level.
  Visible(const Snapshot& snapshot, FileId file, const std::string& owner);

  [[nodiscard]] const std::vector<VisibleName>& names() const { return names_; }
  /// Adds what stands in a domain: a test sees the names of the domain that it is about.
  void add_owner(const std::string& domain);
  /// Abstractions of modules of the standard library that the file does not import, as they would be written then.
  [[nodiscard]] std::vector<VisibleName> from_library() const;
  /// Where a further import goes.
  [[nodiscard]] std::uint32_t place_for_import() const;

 private:
  void add(VisibleName::Kind kind, const std::string& prefix, const ast::Name& name, const std::string& detail,
           const std::string& doc, const std::string& module, std::vector<VisibleName>& out) const;
  void declared(const ast::File& tree, const std::string& prefix, bool public_only,
                std::vector<VisibleName>& out) const;
  void in_domain(const ast::DomainDecl& domain, const std::string& prefix, bool public_only,
                 std::vector<VisibleName>& out) const;
  void imported();
  [[nodiscard]] const ast::File* tree_of(const std::string& module) const;

  const Snapshot& snapshot_;
  FileId file_;
  std::string owner_;
  const ast::File* tree_ = nullptr;
  std::vector<VisibleName> names_;
};

}  // namespace macc::lsp
