#include "backends/selinux/link/sepol.h"

#include <sepol/cil/cil.h>
#include <sepol/debug.h>
#include <sepol/handle.h>
#include <sepol/module.h>
#include <sepol/policydb.h>
#include <sepol/policydb/policydb.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
extern "C" {
#include <sepol/kernel_to_cil.h>
#include <sepol/module_to_cil.h>  // has no extern "C" of its own in 3.4
}

namespace macc::backends::selinux::sepol {
namespace {

constexpr int kPolicyVersion = 33;  // what Debian 12 loads

Log* current_log = nullptr;  // libsepol's handler has no argument of ours

void collect(int /*level*/, const char* fragment) {
  Log& log = *current_log;
  for (std::string_view rest = fragment; !rest.empty();) {
    if (log.empty() || log.back().ends_with('\n')) log.emplace_back();
    const std::size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
    log.back() += rest.substr(0, end);
    rest.remove_prefix(end);
  }
}

/// One compilation. The log level is the highest: at lower ones 3.4 drops conflicting file contexts in silence,
/// shows only some of the rules that break a neverallow, and says nothing of optional blocks that vanish. Whether
/// contexts have levels is what the policy's own `mls` statement says.
class Compilation {
 public:
  Compilation(Log& log, const CompileOptions& options) {
    current_log = &log;
    sepol_debug(0);
    cil_set_log_level(CIL_INFO);
    cil_set_log_handler(collect);
    cil_db_init(&db_);
    cil_set_policy_version(db_, std::min(kPolicyVersion, sepol_policy_kern_vers_max()));
    cil_set_target_platform(db_, SEPOL_TARGET_SELINUX);
    cil_set_multiple_decls(db_, options.merge_declarations ? 1 : 0);
    cil_set_disable_neverallow(db_, options.neverallow ? 0 : 1);
    cil_set_attrs_expand_generated(db_, 0);
    cil_set_attrs_expand_size(db_, 0);  // an attribute that is empty in the base may get types of ours
  }
  ~Compilation() {
    sepol_policydb_free(policy_);
    cil_db_destroy(&db_);
    for (std::string& line : *current_log) {
      if (line.ends_with('\n')) line.pop_back();
    }
  }
  Compilation(const Compilation&) = delete;
  Compilation& operator=(const Compilation&) = delete;

  bool add(const std::vector<Source>& sources) {
    return std::all_of(sources.begin(), sources.end(), [this](const Source& source) {
      return cil_add_file(db_, source.name.c_str(), source.text.data(), source.text.size()) == 0;
    });
  }
  bool build() { return cil_compile(db_) == 0 && cil_build_policydb(db_, &policy_) == 0; }

  bool write_resolved(std::string& text) {
    char* data = nullptr;
    std::size_t size = 0;
    std::FILE* out = open_memstream(&data, &size);
    if (out == nullptr) return false;
    const bool ok = cil_write_resolve_ast(out, db_) == 0;
    std::fclose(out);
    text.assign(data, size);
    std::free(data);
    return ok;
  }
  bool write_image(std::string& image) {
    std::unique_ptr<sepol_handle_t, void (*)(sepol_handle_t*)> handle(sepol_handle_create(), sepol_handle_destroy);
    void* data = nullptr;
    std::size_t size = 0;
    if (handle == nullptr || sepol_policydb_to_image(handle.get(), policy_, &data, &size) != 0) return false;
    image.assign(static_cast<const char*>(data), size);
    std::free(data);
    return true;
  }
  bool write_file_contexts(std::string& text) {
    char* data = nullptr;
    std::size_t size = 0;
    if (cil_filecons_to_string(db_, &data, &size) != 0) return false;
    text.assign(data, size);
    std::free(data);
    return true;
  }

 private:
  cil_db_t* db_ = nullptr;
  sepol_policydb_t* policy_ = nullptr;
};

/// Before this version constraints hold the types themselves, in a place where the conversion does not look.
void name_types_of_constraints(const policydb_t& policy) {
  if (policy.policyvers >= POLICYDB_VERSION_CONSTRAINT_NAMES) return;
  for (std::uint32_t i = 0; i < policy.p_classes.nprim; ++i) {
    const class_datum_t* of = policy.class_val_to_struct[i];
    if (of == nullptr) continue;
    for (const constraint_node_t* node : {of->constraints, of->validatetrans}) {
      for (; node != nullptr; node = node->next) {
        for (constraint_expr_t* part = node->expr; part != nullptr; part = part->next) {
          if (part->expr_type == CEXPR_NAMES && (part->attr & CEXPR_TYPE) != 0 && part->type_names != nullptr)
            ebitmap_cpy(&part->type_names->types, &part->names);
        }
      }
    }
  }
}

}  // namespace

std::string package_to_cil(std::string package) {
  sepol_debug(0);
  sepol_policy_file_t* file = nullptr;
  sepol_module_package_t* module = nullptr;
  if (sepol_policy_file_create(&file) != 0 || sepol_module_package_create(&module) != 0) return {};
  sepol_policy_file_set_mem(file, package.data(), package.size());
  char* data = nullptr;
  std::size_t size = 0;
  bool ok = sepol_module_package_read(module, file, 0) == 0;
  if (std::FILE* out = ok ? open_memstream(&data, &size) : nullptr) {
    ok = sepol_module_package_to_cil(out, module) == 0;
    std::fclose(out);
  }
  std::string text = ok && data != nullptr ? std::string(data, size) : std::string();
  std::free(data);
  sepol_module_package_free(module);
  sepol_policy_file_free(file);
  return text;
}

std::string make_package(std::string module, std::string file_contexts) {
  sepol_debug(0);
  sepol_policy_file_t* file = nullptr;
  sepol_module_package_t* package = nullptr;
  if (sepol_policy_file_create(&file) != 0 || sepol_module_package_create(&package) != 0) return {};
  sepol_policy_file_set_mem(file, module.data(), module.size());
  bool ok = sepol_policydb_read(sepol_module_package_get_policy(package), file) == 0;
  if (ok && !file_contexts.empty())
    ok = sepol_module_package_set_file_contexts(package, file_contexts.data(), file_contexts.size()) == 0;
  char* data = nullptr;
  std::size_t size = 0;
  if (std::FILE* out = ok ? open_memstream(&data, &size) : nullptr) {
    sepol_policy_file_set_fp(file, out);
    ok = sepol_module_package_write(package, file) == 0;
    std::fclose(out);
  }
  std::string bytes = ok && data != nullptr ? std::string(data, size) : std::string();
  std::free(data);
  sepol_module_package_free(package);
  sepol_policy_file_free(file);
  return bytes;
}

Decompiled decompile(std::string image) {
  Decompiled result;
  sepol_debug(0);
  policydb_t policy{};
  if (policydb_init(&policy) != 0) return result;
  policy_file_t file{};
  policy_file_init(&file);
  file.type = PF_USE_MEMORY;
  file.data = image.data();
  file.len = image.size();
  char* data = nullptr;
  std::size_t size = 0;
  if (policydb_read(&policy, &file, 0) == 0 && policy.policy_type == POLICY_KERN) {
    result.version = policy.policyvers;
    name_types_of_constraints(policy);
    if (std::FILE* out = open_memstream(&data, &size)) {
      result.ok = sepol_kernel_policydb_to_cil(out, &policy) == 0;
      std::fclose(out);
    }
  }
  if (result.ok) result.text.assign(data, size);
  std::free(data);
  policydb_destroy(&policy);
  return result;
}

Resolved resolve(const std::vector<Source>& sources) {
  Resolved result;
  Compilation compilation(result.log, {.neverallow = true, .merge_declarations = true});
  result.ok = compilation.add(sources) && compilation.write_resolved(result.text);
  return result;
}

Compiled compile(const std::vector<Source>& sources, const CompileOptions& options) {
  Compiled result;
  Compilation compilation(result.log, options);
  result.ok = compilation.add(sources) && compilation.build() && compilation.write_image(result.image) &&
              compilation.write_file_contexts(result.file_contexts);
  return result;
}

}  // namespace macc::backends::selinux::sepol
