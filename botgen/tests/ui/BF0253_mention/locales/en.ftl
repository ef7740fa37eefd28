hello = Hello! /help says more.
