// The shape of macc. Every decision needs one token of look-ahead; that keeps prediction cheap and error messages close
// to the mistake. Where a mistake is likely, the rule takes more than the language and the AST builder refuses the
// surplus in words (the order of imports, commas in braces, words that matter in one place only).
parser grammar MaccParser;
options { tokenVocab = MaccLexer; }

file : topLevel* EOF ;

topLevel
  : versionClause
  | moduleClause
  | importClause
  | annotation* declaration
  ;

versionClause : MACC INT SEMI ;
moduleClause : MODULE qualifiedName SEMI ;
importClause : IMPORT qualifiedName ( AS name )? SEMI ;

declaration
  : publicMark? ( domainDecl | abstractionDecl | letDecl | booleanDecl | resourceDecl | externalDecl )
  | extendDecl
  | neverDecl
  | testDecl
  ;

publicMark : PUBLIC ( verb ( COMMA verb )* )? ;

domainDecl : DOMAIN name ( IN qualifiedName )? block ;
abstractionDecl : ABSTRACTION name ( LPAREN parameter* RPAREN )? block ;
parameter : name COLON word COMMA? ;
letDecl : LET name ( EQUALS | COLON ) value SEMI ;
booleanDecl : BOOLEAN name ( EQUALS | COLON ) name SEMI ;
resourceDecl : RESOURCE name ( ( COLON | EQUALS ) name )? ( IN qualifiedName )? name? ( LEVEL text )? braceList ;
externalDecl : EXTERNAL ( RESOURCE | DOMAIN | name ) name ( ( COLON | EQUALS ) name )? externalBody ;
externalBody : LBRACE externalLine* RBRACE ;
externalLine
  : BY qualifiedName SEMI
  | externalItem+ exceptClause* SEMI
  ;
externalItem : ( text | compoundWord | portRange | ANY ) ( COMMA | OR )? ;
extendDecl : EXTEND ( DOMAIN qualifiedName block | RESOURCE qualifiedName braceList ) ;
neverDecl : NEVER ANY phrase SEMI ;
testDecl : TEST text testBody ;
testBody : LBRACE expectation* RBRACE ;
expectation : EXPECT ( ALLOW | DENY ) qualifiedName phrase ( WHEN condition )? SEMI ;

block : LBRACE statement* RBRACE ;

statement : annotation* statementBody ;

statementBody
  : publicMark? ( letDecl | resourceDecl )
  | ruleStatement
  | ifStatement
  | includeStatement
  | entryStatement
  | modeStatement
  | levelStatement
  | replacesStatement
  | rawStatement
  ;

annotation : AT word ( LPAREN annotationArgument* RPAREN )? ;
annotationArgument : ( name EQUALS )? text COMMA? ;

ruleStatement
  : ( ALLOW | DENY | NEVER | AUDIT ( ALLOW | DENY ) ) phrase SEMI
  | execPhrase SEMI
  ;
ifStatement : IF condition block elseClause* ;
elseClause : ELSE ( IF condition )? block ;
includeStatement : INCLUDE qualifiedName ( LPAREN argument* RPAREN )? SEMI ;
argument : ( braceList | valueItem ) COMMA? ;
entryStatement : ENTRY objects ( FROM qualifiedName text? ( LEVEL text )? )? SEMI ;
modeStatement : MODE word SEMI ;
levelStatement : LEVEL text SEMI ;
replacesStatement : REPLACES replacesItem ( COMMA replacesItem )* SEMI ;
replacesItem : name text ;
rawStatement : RAW name ( RAW_TEXT | text ) SEMI ;

phrase
  : filesPhrase
  | execPhrase
  | networkPhrase
  | socketPhrase
  | usePhrase
  | signalPhrase
  | processPhrase
  | memoryPhrase
  | capabilityPhrase
  | mountPhrase
  | pathsPhrase
  | usernsPhrase
  | plainPhrase
  | dbusPhrase
  ;

filesPhrase : verb ( COMMA verb )* objects ( OWNER exceptClause* )? ;
execPhrase : EXEC objects ( execTail exceptClause* )? ;
execTail
  : TO qualifiedName name* OWNER?
  | name+ OWNER?
  | OWNER
  ;
networkPhrase : ( LISTEN | CONNECT ) name networkItem ( COMMA networkItem )* exceptClause* ;
networkItem : object | portRange | ANY ;
socketPhrase : SOCKET compoundWord word? exceptClause* ;
usePhrase : USE objects FROM qualifiedName exceptClause* ;
signalPhrase : SIGNAL ( ANY | word ( COMMA word )* ) TO peer exceptClause* ;
processPhrase : ( INSPECT | TRACE | IPC | BECOME ) peer exceptClause* ;
memoryPhrase : MEMORY word exceptClause* ;
capabilityPhrase : CAPABILITY word ( COMMA word )* ( IN USERNS )? exceptClause* ;
mountPhrase : MOUNT ( compoundWord ( COMMA compoundWord )* )? mountOptions? ( FROM objects )? ON objects ;
mountOptions : OPTIONS compoundWord ( COMMA compoundWord )* ;
pathsPhrase : ( UNMOUNT | PIVOT | MQUEUE ) objects ;
usernsPhrase : USERNS word exceptClause* ;
plainPhrase : ( BPF | PERF | IO_URING | KEYRING ) exceptClause* ;
dbusPhrase : DBUS word text dbusMatch* ( ON word )? exceptClause* ;
dbusMatch : word text ;
peer : qualifiedName | SELF | ANY ;

// Objects with what is left out. A second `except`, or names without braces, is for `never any` alone: the domains that
// the promise is not about.
objects : object ( COMMA object )* exceptClause* ;
exceptClause : EXCEPT ( braceList | object ( COMMA object )* ) ;
object : text | qualifiedName ;

braceList : LBRACE braceItem* exceptClause* RBRACE ;
braceItem : valueItem COMMA? ;

value : braceList | valueItem ( COMMA valueItem )* ;
valueItem : text | qualifiedName | portRange | ANY ;
portRange : INT ( DASH INT )? ;

condition : conjunction ( OR conjunction )* ;
conjunction : negation ( AND negation )* ;
negation : NOT* ( qualifiedName | LPAREN condition RPAREN ) ;

text : TEXT | UNTERMINATED_TEXT | SINGLE_QUOTED_TEXT | CURLY_QUOTED_TEXT | BARE_PATH ;

verb : IDENT | MACC ;
name : IDENT | SOCKET | MACC | OPTIONS ;
qualifiedName : name ( DOT name )* ;

// Where no word between parts can follow, most reserved words are plain words too: `capability bpf`, `options exec`.
// Words of declarations are not: they show where an unclosed brace should have been.
word : typeWord | OPTIONS | DOMAIN | RESOURCE | EXPECT ;
compoundWord : typeWord ( ( DOT | DASH ) ( typeWord | INT ) )* ;
typeWord
  : IDENT | MACC | AS | ENTRY | INCLUDE | MODE | LEVEL | REPLACES | RAW | ALLOW | DENY | AUDIT | IF | ELSE
  | EXEC | LISTEN | CONNECT | SOCKET | USE | SIGNAL | INSPECT | TRACE | IPC | BECOME | MEMORY | CAPABILITY | MOUNT
  | UNMOUNT | PIVOT | USERNS | BPF | PERF | IO_URING | MQUEUE | KEYRING | DBUS
  ;
