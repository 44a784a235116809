// A program of the build: parses one module of the standard library and writes its syntax tree as an archive. What
// does not parse ends the build.
#include <fstream>
#include <iostream>
#include <iterator>

#include "compiler/syntax/archive.h"
#include "compiler/syntax/parse.h"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: macc_archiver MODULE.macc ARCHIVE\n";
    return 2;
  }
  std::ifstream in(argv[1], std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (!in) {
    std::cerr << argv[1] << ": cannot be read\n";
    return 1;
  }
  macc::SourceManager sources;
  macc::Diagnostics diagnostics;
  const macc::FileId file = sources.add(argv[1], std::move(text));
  const macc::ast::File tree = macc::syntax::parse(sources, file, diagnostics);
  for (const macc::Diagnostic& d : diagnostics.all()) {
    std::cerr << sources.describe(d.primary.span) << ": " << d.message << '\n';
  }
  if (!diagnostics.all().empty()) return 1;
  std::ofstream out(argv[2], std::ios::binary);
  out << macc::syntax::write_archive(tree) << std::flush;
  if (!out) std::cerr << argv[2] << ": cannot be written\n";
  return out ? 0 : 1;
}
