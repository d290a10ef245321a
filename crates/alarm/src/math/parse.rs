//! Text to expression, by precedence.

use std::ops::Range;

use super::ast::{Expression, Function, Node, NodeKind, Operator, REFUSED};
use super::lexer::{Kind, Token, tokens};
use super::{MAX_EXPRESSION_CHARS, MAX_OPERATIONS};
use crate::error::{ErrorCode, SyntaxError};

const OPERAND_HELP: &str = "write the id of a metric, a number, a function or an expression in parentheses";
/// How closely a minus sign binds that stands before a value: less than `^`, more than `*`.
const NEGATION: u8 = 6;

pub(super) fn parse(text: &str) -> Result<Expression, SyntaxError> {
    check_length(text)?;
    refuse_insights(text)?;
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, operations: 0, end: text.len() };
    let root = parser.expression(0)?;
    match parser.peek() {
        Kind::End => Ok(Expression { text: text.to_owned(), root }),
        Kind::Close | Kind::CloseList | Kind::Comma => Err(parser
            .error(ErrorCode::UnexpectedSign, "this has no meaning here")
            .help("remove it, or open a parenthesis further left")),
        _ => Err(parser
            .error(ErrorCode::MissingOperator, "the expression could end before this")
            .help("join values with an operator")),
    }
}

fn check_length(text: &str) -> Result<(), SyntaxError> {
    let count = text.chars().count();
    if (1..=MAX_EXPRESSION_CHARS).contains(&count) {
        return Ok(());
    }
    let message = format!("this expression has {count} characters, and may have 1 to {MAX_EXPRESSION_CHARS}");
    let end = text.char_indices().nth(MAX_EXPRESSION_CHARS).map_or(0, |(end, _)| end);
    Err(SyntaxError::new(ErrorCode::ExpressionTooLong, end..text.len(), message)
        .help("split it into several expressions, each with an id"))
}

fn refuse_insights(text: &str) -> Result<(), SyntaxError> {
    let first = text.split_whitespace().next().unwrap_or_default();
    if !first.eq_ignore_ascii_case("SELECT") {
        return Ok(());
    }
    let start = text.len() - text.trim_start().len();
    let message = "kmswatch doesn't know Metrics Insights";
    Err(SyntaxError::new(ErrorCode::RefusedFunction, start..start + first.len(), message)
        .help("name the metrics in the list, and use `METRICS()`"))
}

struct Parser<'t> {
    /// What is left.
    tokens: &'t [Token],
    operations: usize,
    /// Where the text ends.
    end: usize,
}

impl Parser<'_> {
    /// Operators that bind more closely than `least` allows belong to the expression.
    fn expression(&mut self, least: u8) -> Result<Node, SyntaxError> {
        let mut left = self.operand()?;
        while let Kind::Operator(operator) = *self.peek() {
            let precedence = operator.precedence();
            if precedence <= least {
                break;
            }
            self.count()?;
            self.next();
            let right =
                self.expression(if operator == Operator::Power { precedence - 1 } else { precedence })?;
            let span = left.span.start..right.span.end;
            left = Node { kind: NodeKind::Binary(operator, Box::new(left), Box::new(right)), span };
        }
        Ok(left)
    }

    fn operand(&mut self) -> Result<Node, SyntaxError> {
        let span = self.span();
        let kind = match self.peek().clone() {
            Kind::Number(number) => NodeKind::Number(number),
            Kind::Text(text) => NodeKind::Text(text),
            Kind::Word(word) => return self.word(&word),
            Kind::Open => return self.group(),
            Kind::OpenList => return self.list(),
            Kind::Operator(Operator::Minus) => return self.negative(),
            _ => {
                return Err(self
                    .error(ErrorCode::MissingOperand, "a value is expected here")
                    .help(OPERAND_HELP));
            }
        };
        self.next();
        Ok(Node { kind, span })
    }

    fn negative(&mut self) -> Result<Node, SyntaxError> {
        let start = self.span().start;
        self.count()?;
        self.next();
        let node = self.expression(NEGATION)?;
        let span = start..node.span.end;
        Ok(Node { kind: NodeKind::Negative(Box::new(node)), span })
    }

    fn group(&mut self) -> Result<Node, SyntaxError> {
        let opening = self.span();
        self.count()?;
        self.next();
        let node = self.expression(0)?;
        let end = self.close(&opening, &Kind::Close)?;
        Ok(Node { kind: node.kind, span: opening.start..end })
    }

    fn list(&mut self) -> Result<Node, SyntaxError> {
        let opening = self.span();
        self.count()?;
        self.next();
        let nodes = self.sequence(&Kind::CloseList)?;
        let end = self.close(&opening, &Kind::CloseList)?;
        Ok(Node { kind: NodeKind::List(nodes), span: opening.start..end })
    }

    fn word(&mut self, word: &str) -> Result<Node, SyntaxError> {
        let span = self.span();
        self.next();
        let kind = match word {
            _ if *self.peek() == Kind::Open => return self.call(word, &span),
            "REPEAT" => NodeKind::Repeat,
            "LINEAR" => NodeKind::Linear,
            _ => NodeKind::Identifier(word.to_owned()),
        };
        Ok(Node { kind, span })
    }

    fn call(&mut self, name: &str, span: &Range<usize>) -> Result<Node, SyntaxError> {
        let function = function(name, span)?;
        let opening = self.span();
        self.count()?;
        self.next();
        let arguments = self.sequence(&Kind::Close)?;
        let end = self.close(&opening, &Kind::Close)?;
        let span = span.start..end;
        if !function.arguments().contains(&arguments.len()) {
            let message = format!("`{name}` doesn't take {} arguments", arguments.len());
            let help = format!("write {}", usage(function));
            return Err(SyntaxError::new(ErrorCode::WrongArguments, span, message).help(help));
        }
        Ok(Node { kind: NodeKind::Call(function, arguments), span })
    }

    /// Values with commas between them, up to `close`, which isn't taken.
    fn sequence(&mut self, close: &Kind) -> Result<Vec<Node>, SyntaxError> {
        let mut nodes = Vec::new();
        if self.peek() == close {
            return Ok(nodes);
        }
        nodes.push(self.expression(0)?);
        while *self.peek() == Kind::Comma {
            self.next();
            nodes.push(self.expression(0)?);
        }
        Ok(nodes)
    }

    /// Takes a closing sign and says where it ends.
    fn close(&mut self, opening: &Range<usize>, close: &Kind) -> Result<usize, SyntaxError> {
        let end = self.span().end;
        if self.peek() == close {
            self.next();
            return Ok(end);
        }
        if *self.peek() == Kind::End {
            let message = "this is never closed";
            let help = if *close == Kind::Close { "close it with `)`" } else { "close it with `]`" };
            return Err(SyntaxError::new(ErrorCode::UnclosedParenthesis, opening.clone(), message).help(help));
        }
        Err(self
            .error(ErrorCode::MissingOperator, "an operator, a comma or a closing sign is expected here")
            .help("join values with an operator, or close the parenthesis"))
    }

    fn count(&mut self) -> Result<(), SyntaxError> {
        self.operations += 1;
        if self.operations <= MAX_OPERATIONS {
            return Ok(());
        }
        let message = format!("this expression holds more than {MAX_OPERATIONS} operators and functions");
        Err(self
            .error(ErrorCode::ExpressionTooDeep, message)
            .help("split it into several expressions, each with an id"))
    }

    fn error(&self, code: ErrorCode, message: impl Into<String>) -> SyntaxError {
        SyntaxError::new(code, self.span(), message)
    }

    fn peek(&self) -> &Kind {
        self.tokens.first().map_or(&Kind::End, |token| &token.kind)
    }

    fn span(&self) -> Range<usize> {
        self.tokens.first().map_or(self.end..self.end, |token| token.span.clone())
    }

    fn next(&mut self) {
        self.tokens = self.tokens.get(1..).unwrap_or_default();
    }
}

fn function(name: &str, span: &Range<usize>) -> Result<Function, SyntaxError> {
    if let Some(function) = Function::ALL.iter().find(|function| function.as_str() == name) {
        return Ok(*function);
    }
    let upper = name.to_ascii_uppercase();
    if let Some((_, why)) = REFUSED.iter().find(|(refused, _)| *refused == upper) {
        let message = format!("an alarm can't use `{upper}` here: {why}");
        return Err(SyntaxError::new(ErrorCode::RefusedFunction, span.clone(), message)
            .help("name the metrics in the list, and use arithmetic, `IF` or `FILL`"));
    }
    let help = match Function::ALL.iter().find(|function| function.as_str() == upper) {
        Some(function) => format!("functions are in capital letters: {}", usage(*function)),
        None => {
            let names: Vec<&str> = Function::ALL.iter().map(|function| function.as_str()).collect();
            format!("there are {}", names.join(", "))
        }
    };
    let message = format!("there is no function `{name}`");
    Err(SyntaxError::new(ErrorCode::UnknownFunction, span.clone(), message).help(help))
}

/// How a function is written, with quotes around each way.
fn usage(function: Function) -> String {
    format!("`{}`", function.usage().replace(" or ", "` or `"))
}
