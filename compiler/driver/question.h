// Questions of the command line in the words of the language: `ledgerd read /etc/shadow`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/driver/inputs.h"

namespace macc::driver {

/// The words of a phrase as source: a word that is a path, and not in quotes yet, gets them; a comma before another
/// path separates the two.
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

  /// What is wrong with a question is shown as it was given.
  [[nodiscard]] ir::Policy analyze(const Inputs& inputs);
  /// A place of the analysed policy as it is shown: in a question, where the user gave it.
  [[nodiscard]] Span shown(Span span) const;

 private:
  /// A question as it was given, and the policy that the analysis reads: the question with something before and behind.
  struct Framed {
    FileId given = FileId::none, read = FileId::none;
    std::uint32_t before = 0;  // bytes
  };
  void add(const std::string& before, const std::string& given, const std::string& behind, bool about_anyone = false);
  [[nodiscard]] bool is_domain(const std::string& name);
  [[nodiscard]] bool refuse(FileId given, const std::string& text, bool about_anyone);
  [[nodiscard]] const Framed* framed(Span span) const;
  [[nodiscard]] Diagnostic shown(Diagnostic diagnostic) const;

  Session& session_;
  std::vector<Framed> questions_;
};

/// Answers whether a domain may do something, and why: `macc query may` and `macc explain DOMAIN PHRASE`. `words` are
/// the domain and the phrase. With `--target`, what is compiled for those targets is asked as well.
void answer_decision(Session& session, const std::vector<std::string>& words);

}  // namespace macc::driver
