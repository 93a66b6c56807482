import type { Input } from "@pulumi/pulumi/output.js";

/** What every file, folder and link of the OS has. */
export interface FileCommonArgs {
  /** With `source`: no file is created when the source does not exist. @default false */
  readonly optional?: Input<boolean | undefined>;
  /** Permission bits, octal digits in quotes. @default "0600", of a directory "0700" @example "0644" */
  readonly mode?: Input<string | undefined>;
  /** Owner: a number, or the name of a container. @default 0 @example "web" */
  readonly uid?: Input<number | string | undefined>;
  /** Group, as `uid`. @default 0 @example "web" */
  readonly gid?: Input<number | string | undefined>;
}

/** A folder. */
export interface FolderFileArgs extends FileCommonArgs {
  /** Creates a directory. */
  readonly directory: Input<true>;
  /** Not beside `directory`. @default none */
  readonly symlink?: undefined;
  /** Not beside `directory`. @default none */
  readonly contents?: undefined;
  /** Not beside `directory`. @default none */
  readonly source?: undefined;
  /** Not beside `directory`. @default none */
  readonly metadata?: undefined;
}

/** A symbolic link. */
export interface LinkFileArgs extends FileCommonArgs {
  /** Creates a symbolic link with this target. @example "/usr/share/zoneinfo/Etc/UTC" */
  readonly symlink: Input<string>;
  /** Not beside `symlink`. @default false */
  readonly directory?: Input<false | undefined>;
  /** Not beside `symlink`. @default none */
  readonly contents?: undefined;
  /** Not beside `symlink`. @default none */
  readonly source?: undefined;
  /** Not beside `symlink`. @default none */
  readonly metadata?: undefined;
}

/** A file whose content is written here. */
export interface TextFileArgs extends FileCommonArgs {
  /** The file's content; may be empty. @example "hello\n" */
  readonly contents: Input<string>;
  /** Not beside `contents`. @default false */
  readonly directory?: Input<false | undefined>;
  /** Not beside `contents`. @default none */
  readonly symlink?: undefined;
  /** Not beside `contents`. @default none */
  readonly source?: undefined;
  /** Not beside `contents`. @default none */
  readonly metadata?: undefined;
}

/** A file or a folder with the content of one on the machine that builds. */
export interface LocalFileArgs extends FileCommonArgs {
  /**
   * A file or folder on the machine that builds; relative to the project's folder, `~/` for the home folder. Of a folder, files
   * keep whether they can be executed (0755, else 0644), links stay links, what its `.dockerignore` names is left out, and
   * there is no `mode`: at most 10000 files with 1 GiB together.
   * @example "app"
   */
  readonly source: Input<string>;
  /** Not beside `source`. @default false */
  readonly directory?: Input<false | undefined>;
  /** Not beside `source`. @default none */
  readonly symlink?: undefined;
  /** Not beside `source`. @default none */
  readonly contents?: undefined;
  /** Not beside `source`. @default none */
  readonly metadata?: undefined;
}

/** A file whose content is the definition itself. */
export interface MetadataFileArgs extends FileCommonArgs {
  /** The form of the definition. */
  readonly metadata: Input<"yaml" | "json">;
  /** Not beside `metadata`. @default false */
  readonly directory?: Input<false | undefined>;
  /** Not beside `metadata`. @default none */
  readonly symlink?: undefined;
  /** Not beside `metadata`. @default none */
  readonly contents?: undefined;
  /** Not beside `metadata`. @default none */
  readonly source?: undefined;
}

/** Arguments of `File`: exactly one of `directory`, `symlink`, `contents`, `source` and `metadata`. */
export type FileArgs = FolderFileArgs | LinkFileArgs | TextFileArgs | LocalFileArgs | MetadataFileArgs;
