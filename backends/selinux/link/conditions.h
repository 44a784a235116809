/* Conditional rules of a policy in memory. In C, since libsepol's header has a field named "bool". */
#ifndef MACC_SELINUX_LINK_CONDITIONS_H
#define MACC_SELINUX_LINK_CONDITIONS_H

#include <sepol/policydb/policydb.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What is called, in order: each operator or operand of a condition (postfix), then its rules. */
struct macc_condition_visitor {
  void* state;
  void (*begin)(void* state);
  /* `boolean` is the number of a boolean (from 1) for COND_BOOL. */
  void (*term)(void* state, unsigned kind, unsigned boolean);
  void (*rule)(void* state, int when_true, const avtab_key_t* key, const avtab_datum_t* datum);
};

/* The kinds of terms. */
enum { MACC_COND_BOOL = 1, MACC_COND_NOT, MACC_COND_OR, MACC_COND_AND, MACC_COND_XOR, MACC_COND_EQ, MACC_COND_NEQ };

void macc_visit_conditions(const policydb_t* policy, const struct macc_condition_visitor* visitor);

/* Sets all booleans, and the rules under them with it. Not 0 on failure. */
int macc_set_booleans(policydb_t* policy, int on);

/* Sets one boolean; the rules under it follow with macc_apply_booleans(). A policy may not have it. */
void macc_set_boolean(policydb_t* policy, const char* name, int on);

/* Not 0 on failure. */
int macc_apply_booleans(policydb_t* policy);

#ifdef __cplusplus
}
#endif
#endif
