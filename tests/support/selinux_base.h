// Policies made of a text, to lower and link on.
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "backends/selinux/link/link.h"

namespace macc::test {

inline std::string skeleton_text() {
  std::ifstream in(std::filesystem::path(MACC_SOURCE_DIR) / "backends/selinux/link/skeleton.cil");
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

/// A policy made of a text, as a system would have it.
inline std::shared_ptr<const backends::selinux::Base> base_of(const std::string& text) {
  std::string name = (std::filesystem::temp_directory_path() / "macc-base-XXXXXX").string();
  REQUIRE(mkdtemp(name.data()) != nullptr);
  std::ofstream(std::filesystem::path(name) / "base.cil") << text;
  const backends::selinux::BaseOrReason opened = backends::selinux::Base::from_folder(name, {}, false);
  std::filesystem::remove_all(name);
  CAPTURE(opened.reason);
  REQUIRE(opened.base);
  return opened.base;
}

}  // namespace macc::test
