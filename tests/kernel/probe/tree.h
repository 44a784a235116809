// A system of packages that comes with the initramfs and is worked in where it is.
#pragma once

#include <string>

namespace macc::probe {

/// Whether there is one, beside the program that is /init.
[[nodiscard]] bool has_tree();

/// Gives files the labels in lines of "PATH<tab>LABEL".
void label_tree(const std::string& lines);

/// Removes everything but what kernels and this program have.
void remove_system();

}  // namespace macc::probe
