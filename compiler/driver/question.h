// Questions of the command line in the words of the language: `ledgerd read /etc/shadow`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/driver/inputs.h"

namespace macc::driver {

/// The words of a phrase as source: a word that is a path, and not in quotes yet, gets them.
[[nodiscard]] std::string phrase_of(const std::vector<std::string>& words);

/// A policy with what was asked about it (ir::Policy::asked), in the order of the questions.
class Questions {
 public:
  explicit Questions(Session& session) : session_(session) {}

  /// May this domain do that? One expectation for each object.
  void about(const std::string& domain, const std::vector<std::string>& phrase);
  /// Which domain is meant: an expectation that says nothing else.
  void name(const std::string& domain);
  /// Who may do that?
  void about_anyone(const std::vector<std::string>& phrase);

  [[nodiscard]] ir::Policy analyze(const Inputs& inputs) const { return driver::analyze(session_, inputs, {}, files_); }

 private:
  void add(const std::string& text);

  Session& session_;
  std::vector<FileId> files_;
};

/// Answers whether a domain may do something, and why: `macc query may` and `macc explain DOMAIN PHRASE`. `words` are
/// the domain and the phrase. With `--target`, what is compiled for those targets is asked as well.
void answer_decision(Session& session, const std::vector<std::string>& words);

}  // namespace macc::driver
