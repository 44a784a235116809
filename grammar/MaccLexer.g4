// The words of macc. Texts that are almost right (no closing quote, the wrong quotes, no quotes) are tokens of their
// own, so that such a mistake is reported where it stands and the statement around it still parses.
lexer grammar MaccLexer;

// ---- words of declarations and statements (reserved)
MODULE : 'module' ;
IMPORT : 'import' ;
AS : 'as' ;
EXTEND : 'extend' ;
EXTERNAL : 'external' ;
PUBLIC : 'public' ;
DOMAIN : 'domain' ;
RESOURCE : 'resource' ;
ABSTRACTION : 'abstraction' ;
BOOLEAN : 'boolean' ;
LET : 'let' ;
TEST : 'test' ;
EXPECT : 'expect' ;
ENTRY : 'entry' ;
INCLUDE : 'include' ;
MODE : 'mode' ;
LEVEL : 'level' ;
REPLACES : 'replaces' ;
RAW : 'raw' ;
ALLOW : 'allow' ;
DENY : 'deny' ;
NEVER : 'never' ;
AUDIT : 'audit' ;
IF : 'if' ;
ELSE : 'else' ;

// ---- first words of phrases (reserved; SOCKET is a name as well)
EXEC : 'exec' ;
LISTEN : 'listen' ;
CONNECT : 'connect' ;
SOCKET : 'socket' ;
USE : 'use' ;
SIGNAL : 'signal' ;
INSPECT : 'inspect' ;
TRACE : 'trace' ;
IPC : 'ipc' ;
BECOME : 'become' ;
MEMORY : 'memory' ;
CAPABILITY : 'capability' ;
MOUNT : 'mount' ;
UNMOUNT : 'unmount' ;
PIVOT : 'pivot' ;
USERNS : 'userns' ;
BPF : 'bpf' ;
PERF : 'perf' ;
IO_URING : 'io_uring' ;
MQUEUE : 'mqueue' ;
KEYRING : 'keyring' ;
DBUS : 'dbus' ;

// ---- words between the parts of a phrase (reserved)
TO : 'to' ;
FROM : 'from' ;
ON : 'on' ;
WHEN : 'when' ;
EXCEPT : 'except' ;
OWNER : 'owner' ;
ANY : 'any' ;
SELF : 'self' ;
AND : 'and' ;
OR : 'or' ;
NOT : 'not' ;
BY : 'by' ;
IN : 'in' ;

// ---- words with a meaning in one place only (not reserved)
MACC : 'macc' ;
OPTIONS : 'options' ;

IDENT : [a-zA-Z_] [a-zA-Z0-9_]* ;
INT : [0-9]+ ;

TEXT : '"' ( '\\' ~[\r\n] | ~["\\\r\n] )* '"' ;
// The text ends the token, closed or not; whether it is closed is checked on the token.
RAW_TEXT : '"""' ( ~'"' | '"' ~'"' | '""' ~'"' )* ( '"""' | '""' | '"' )? ;
UNTERMINATED_TEXT : '"' ( '\\' ~[\r\n] | ~["\\\r\n] )* '\\'? ;
SINGLE_QUOTED_TEXT : '\'' ~['\r\n]* '\'' ;
CURLY_QUOTED_TEXT : [\u201C-\u201F] ~["\u201C-\u201F\r\n]* ["\u201C-\u201F] ;
BARE_PATH : '~'? '/' ( ~[/* \t\r\n;,"'{}()] ~[ \t\r\n;,"'{}()]* )? '"'? ;

SEMI : ';' ;
COMMA : ',' ;
COLON : ':' ;
DOT : '.' ;
DASH : '-' ;
EQUALS : '=' ;
AT : '@' ;
LBRACE : '{' ;
RBRACE : '}' ;
LPAREN : '(' ;
RPAREN : ')' ;

DOC_COMMENT : '///' ( ~[/\r\n] ~[\r\n]* )? -> channel(HIDDEN) ;
LINE_COMMENT : '//' ~[\r\n]* -> skip ;
// As for RAW_TEXT: an open comment runs to the end of the file.
BLOCK_COMMENT : '/*' ( ~'*' | '*'+ ~[*/] )* ( '*'+ '/' | '*'+ )? -> channel(HIDDEN) ;
HASH_COMMENT : '#' ~[\r\n]* -> channel(HIDDEN) ;
SPACE : [ \t\r\n]+ -> skip ;
UNEXPECTED : . -> channel(HIDDEN) ;
