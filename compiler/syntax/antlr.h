// The generated parser and its runtime. Costly to compile: for the .cpp files of this folder only.
#pragma once

#include <antlr4-runtime.h>

#include "MaccLexer.h"
#include "MaccParser.h"

namespace macc::syntax {
using Grammar = gen::MaccParser;
using Tokens = std::vector<antlr4::Token*>;
}  // namespace macc::syntax
