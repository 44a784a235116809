// What a kernel with a compiled policy would answer, by libsepol's own security server: constraints on roles, users and
// levels counted, and contexts that the policy does not permit refused.
#pragma once

#include <memory>
#include <string>

namespace macc::test {

/// One policy at a time: libsepol keeps it in global state.
class SecurityServer {
 public:
  explicit SecurityServer(const std::string& image);
  ~SecurityServer();
  SecurityServer(const SecurityServer&) = delete;
  SecurityServer& operator=(const SecurityServer&) = delete;

  /// Whether the policy permits a context ("user_u:user_r:user_t:s0").
  [[nodiscard]] bool valid(const std::string& context) const;
  [[nodiscard]] bool allows(const std::string& source, const std::string& target, const std::string& class_name,
                            const std::string& permission) const;
  /// The context of a program that `source` executes from a file with the label `file`; "" when it would not be valid.
  [[nodiscard]] std::string after_exec(const std::string& source, const std::string& file) const;

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace macc::test
